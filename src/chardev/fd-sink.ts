// Sinks for OutputQueue: a file descriptor written by the thread pool, and a stream.
import { write } from 'node:fs';
import type { Writable } from 'node:stream';
import type { Sink } from './output-queue.ts';

/** Between attempts on a full, non-blocking descriptor. Milliseconds. */
const RETRY_MS = 5;

/** Terminals and files: Node's own streams would write these synchronously and so wait for the reader. */
export function fdSink(fd: number): Sink {
  return (bytes, done) => {
    const go = (offset: number) => write(fd, bytes, offset, bytes.length - offset, null, (error, written) => {
      if (error?.code === 'EAGAIN') setTimeout(go, RETRY_MS, offset);
      else if (error) done(error);
      else if (offset + written < bytes.length) go(offset + written);
      else done();
    });
    go(0);
  };
}

/** Sockets and pipes. The stream's owner listens for its `error`. */
export function streamSink(stream: Writable): Sink {
  return (bytes, done) => void stream.write(bytes, done);
}
