// Every command-line option, declared once: spelling, arguments, help. -help, the parser and the option reference come from here.

export interface OptionRow {
  readonly name: string;
  /** Other spellings, without dash. */
  readonly aliases?: readonly string[];
  /** Help's name for the argument; absent when the option takes none. */
  readonly arg?: string;
  /** Help's name for an argument that may be left out; given as --name=ARG. */
  readonly value?: string;
  readonly section: 'Standard' | 'Block device' | 'Display' | 'Network' | 'Character device' | 'Boot Image or Kernel specific' | 'Debug/Expert';
  /** Lines of -help. */
  readonly help: readonly string[];
  /** False: QEMU has it, here it is an error that says so. */
  readonly implemented: boolean;
}

const later = (section: OptionRow['section'], name: string, arg: string | undefined, help: string) =>
  ({ name, arg, section, help: [help], implemented: false }) as const;

/** Options that work, in the order of -help. The parser has a handler for each (checked by the compiler). */
export const IMPLEMENTED = [
  { name: 'help', aliases: ['h'], section: 'Standard', help: ['display this help and exit'], implemented: true },
  { name: 'version', section: 'Standard', help: ['display version information and exit'], implemented: true },
  {
    name: 'machine', aliases: ['M'], arg: '[type=]name[,prop[=value][,...]]', section: 'Standard', implemented: true,
    help: [
      "selects emulated machine ('-machine help' for list, '-machine virt,help' for properties)",
      'gic-version=2|3|max selects the interrupt controller (default: 3)',
      'dumpdtb=file writes the device tree to a file and exits',
      'highmem=on|off allows physical addresses above 4 GiB (default: on)',
      'dtb-randomness=on|off passes random seeds in the device tree (default: on)',
    ],
  },
  { name: 'cpu', arg: 'cpu[,prop=on|off][,...]', section: 'Standard', help: ["select CPU ('-cpu help' for list)"], implemented: true },
  {
    name: 'accel', arg: '[accel=]accelerator[,prop[=value][,...]]', section: 'Standard', implemented: true,
    help: [
      "select accelerator (tcg; '-accel help' for list)",
      'thread=single|multi (one host thread a vCPU, or one for all; default: multi)',
      'tb-size=n (size of the translation block cache in MiB)',
      'exclusive=cmpxchg|softmmu|check (load-/store-exclusive compare values, or have a',
      'monitor that any store opens; check also counts what cmpxchg would let pass)',
      'one-insn-per-tb=on|off (one guest instruction a translation block)',
      'check=on|off (compare what compiled code does with the interpreter; slow)',
      'stats=on|off (count instructions; write the figures of info jit at the end)',
    ],
  },
  {
    name: 'smp', arg: '[[cpus=]n][,maxcpus=n][,sockets=n][,clusters=n][,cores=n][,threads=n]', section: 'Standard', implemented: true,
    help: [
      "set the number of initial CPUs to 'n' [default=1]",
      'maxcpus= maximum number of total CPUs, including offline CPUs',
      'sockets= number of sockets on the machine board',
      'clusters= number of clusters in one socket',
      'cores= number of cores in one cluster',
      'threads= number of threads in one core',
    ],
  },
  {
    name: 'm', arg: '[size=]megs[,slots=n,maxmem=size]', section: 'Standard', implemented: true,
    help: [
      'configure guest RAM',
      'size: initial amount of guest memory (default: 128 MiB; suffixes K, M, G, T)',
      'slots: number of hotplug slots (default: none)',
      'maxmem: maximum amount of guest memory (default: none)',
    ],
  },
  {
    name: 'object', arg: 'typename[,prop1=value1,...]', section: 'Standard', implemented: true,
    help: ["create an object of type typename, setting properties ('-object help' for types); JSON is taken as well", 'memory-backend-ram,id=id,size=size is the memory of a NUMA node'],
  },
  {
    name: 'numa', arg: 'node[,mem=size][,memdev=id][,cpus=firstcpu[-lastcpu]][,nodeid=node]', section: 'Standard', implemented: true,
    help: [
      'adds a NUMA node; the memory of all nodes is that of -m',
      'dist,src=source,dst=destination,val=distance: how far it is from node to node (10 to 254; 255: not reachable)',
      'cpu,node-id=node[,socket-id=x][,cluster-id=x][,core-id=y][,thread-id=z]: the vCPUs of a node',
    ],
  },
  { name: 'name', arg: 'string1[,process=string2][,debug-threads=on|off]', section: 'Standard', help: ['set the name of the guest', 'string1 names the guest, string2 the process'], implemented: true },
  { name: 'uuid', arg: '%08x-%04x-%04x-%04x-%012x', section: 'Standard', help: ['specify machine UUID'], implemented: true },
  {
    name: 'boot', arg: '[order=drives][,once=drives][,menu=on|off][,splash=..][,splash-time=..][,reboot-timeout=..][,strict=on|off]', section: 'Standard', implemented: true,
    help: ['accepted and checked; without disks there is nothing to order'],
  },
  { name: 'k', arg: 'language', section: 'Standard', help: ["keyboard layout (accepted; there is no graphical keyboard)"], implemented: true },

  { name: 'display', arg: 'none', section: 'Display', help: ['select display backend type; without this option, as -nographic'], implemented: true },
  { name: 'nographic', section: 'Display', help: ['disable graphical output and redirect serial I/Os to console'], implemented: true },

  { name: 'nic', arg: 'none', section: 'Network', help: ['no network device (there is none yet)'], implemented: true },
  { name: 'net', arg: 'none', section: 'Network', help: ['old spelling of -nic none'], implemented: true },

  {
    name: 'chardev', arg: 'backend,id=id[,mux=on|off][,prop=value...]', section: 'Character device', implemented: true,
    help: [
      'null,id=id',
      'stdio,id=id[,mux=on|off][,signal=on|off]',
      'file,id=id,path=path[,append=on|off]',
      'socket,id=id[,host=host],port=port[,to=to][,server=on|off][,wait=on|off][,nodelay=on|off][,reconnect=seconds]',
      'socket,id=id,path=path[,server=on|off][,wait=on|off][,reconnect=seconds]',
      'ringbuf,id=id[,size=size]',
    ],
  },

  { name: 'bios', arg: 'file', section: 'Boot Image or Kernel specific', help: ['set the filename for the firmware'], implemented: true },
  { name: 'kernel', arg: 'Image', section: 'Boot Image or Kernel specific', help: ["use 'Image' as kernel image (Image, Image.gz, ELF or raw)"], implemented: true },
  { name: 'append', arg: 'cmdline', section: 'Boot Image or Kernel specific', help: ["use 'cmdline' as kernel command line"], implemented: true },
  { name: 'initrd', arg: 'file', section: 'Boot Image or Kernel specific', help: ["use 'file' as initial ram disk"], implemented: true },
  { name: 'dtb', arg: 'file', section: 'Boot Image or Kernel specific', help: ["use 'file' as device tree image"], implemented: true },

  {
    name: 'serial', arg: 'dev', section: 'Debug/Expert', implemented: true,
    help: [
      "redirect the serial port to char device 'dev':",
      'stdio, mon:stdio, null, none, file:path, chardev:id,',
      'tcp:[host]:port[,server=on|off][,wait=on|off][,nodelay=on|off][,reconnect=seconds],',
      'unix:path[,server=on|off][,wait=on|off][,reconnect=seconds]',
    ],
  },
  { name: 'monitor', arg: 'dev', section: 'Debug/Expert', help: ["redirect the monitor to char device 'dev' (as -serial; 'none' for none)"], implemented: true },
  { name: 'qmp', arg: 'dev', section: 'Debug/Expert', help: ["like -monitor but opens in 'control' mode: QMP, the JSON protocol for programs"], implemented: true },
  { name: 'qmp-pretty', arg: 'dev', section: 'Debug/Expert', help: ['like -qmp but uses pretty JSON formatting'], implemented: true },
  { name: 'mon', arg: '[chardev=]name[,mode=readline|control][,pretty=on|off]', section: 'Debug/Expert', help: ['attach a monitor to a -chardev'], implemented: true },
  { name: 'echr', arg: 'chr', section: 'Debug/Expert', help: ['set terminal escape character instead of ctrl-a'], implemented: true },
  { name: 'pidfile', arg: 'file', section: 'Debug/Expert', help: ["write PID to 'file'"], implemented: true },
  { name: 'one-insn-per-tb', aliases: ['singlestep'], section: 'Debug/Expert', help: ['one guest instruction a translation block'], implemented: true },
  {
    name: 'gdb', arg: 'dev', section: 'Debug/Expert', implemented: true,
    help: ["accept gdb connection on 'dev' (tcp:[host]:port, unix:path,server=on,wait=off, stdio, chardev:id)", 'without a host only from this machine; the machine starts unless -S is given'],
  },
  { name: 's', section: 'Debug/Expert', help: ['shorthand for -gdb tcp::1234'], implemented: true },
  { name: 'S', section: 'Debug/Expert', help: ["freeze CPU at startup (use 'c' in the monitor to start execution)"], implemented: true },
  { name: 'preconfig', section: 'Debug/Expert', help: ["pause before the machine is created; QMP's x-exit-preconfig creates it"], implemented: true },
  { name: 'daemonize', section: 'Debug/Expert', help: ['run in the background once everything is open'], implemented: true },
  { name: 'readconfig', arg: 'file', section: 'Debug/Expert', help: ['read options from a configuration file'], implemented: true },
  { name: 'writeconfig', arg: 'file', section: 'Debug/Expert', help: ["write the options to a configuration file ('-' for standard output)"], implemented: true },
  { name: 'd', arg: 'item1,...', section: 'Debug/Expert', help: ["enable logging of specified items (use '-d help' for a list of log items)"], implemented: true },
  { name: 'D', arg: 'logfile', section: 'Debug/Expert', help: ["output log to logfile (default stderr; '%d' stands for the process id)"], implemented: true },
  { name: 'dfilter', arg: 'range,..', section: 'Debug/Expert', help: ['filter debug output to range of addresses: start+length, start-length or start..end'], implemented: true },
  {
    name: 'profile', value: 'file', section: 'Debug/Expert', implemented: true,
    help: ['profile guest code: where the vCPUs are a thousand times a second, by function; printed at the end,', "or written to 'file' (.txt, .json; both of them without an ending)"],
  },
  {
    name: 'profile-locks', value: 'file', section: 'Debug/Expert', implemented: true,
    help: [
      'profile locks of the guest and of the emulator; the report is printed at the end,',
      "or written to 'file' (.txt, .json, .html, .speedscope.json, .trace.json; all of them without an ending)",
    ],
  },
  { name: 'symbols', arg: 'file', section: 'Debug/Expert', help: ["names of guest code: an ELF file or a System.map; Linux' own are found in its memory"], implemented: true },
  { name: 'seed', arg: 'number', section: 'Debug/Expert', help: ['seed the pseudo-random number generator'], implemented: true },
  { name: 'L', arg: 'path', section: 'Debug/Expert', help: ['add a directory in which -bios is looked for'], implemented: true },
  { name: 'no-reboot', section: 'Debug/Expert', help: ['exit instead of rebooting'], implemented: true },
  { name: 'no-shutdown', section: 'Debug/Expert', help: ['stop before shutdown'], implemented: true },
  {
    name: 'action', arg: 'event=action', section: 'Debug/Expert', implemented: true,
    help: [
      'reboot=reset|shutdown: action when guest reboots [default=reset]',
      'shutdown=poweroff|pause: action when guest shuts down [default=poweroff]',
      'panic=pause|shutdown|exit-failure|none: action when guest panics [default=shutdown]',
      'watchdog=reset|shutdown|poweroff|inject-nmi|pause|debug|none: action when the watchdog fires [default=reset]',
    ],
  },
  { name: 'watchdog-action', arg: 'reset|shutdown|poweroff|inject-nmi|pause|debug|none', section: 'Debug/Expert', help: ['action when the watchdog fires, as -action watchdog= [default=reset]'], implemented: true },
  {
    name: 'rtc', arg: '[base=utc|localtime|<datetime>][,clock=host|rt|vm]', section: 'Debug/Expert', implemented: true,
    help: ['set the RTC base and clock'],
  },
  { name: 'nodefaults', section: 'Debug/Expert', help: ["don't create default devices"], implemented: true },
  { name: 'no-user-config', section: 'Debug/Expert', help: ['accepted; there are no configuration files'], implemented: true },
  { name: 'semihosting', section: 'Debug/Expert', help: ['semihosting mode'], implemented: true },
  {
    name: 'semihosting-config', arg: '[enable=on|off][,target=native|auto]', section: 'Debug/Expert', implemented: true,
    help: ['semihosting configuration'],
  },
] as const satisfies readonly OptionRow[];

/** QEMU's options that are known here and refused by name. */
export const REFUSED: readonly OptionRow[] = [
  later('Standard', 'global', 'driver.property=value', 'default of a device property'),
  later('Standard', 'set', 'group.id.arg=value', 'parameter of an earlier option'),
  later('Standard', 'mem-path', 'path', 'file behind guest RAM'),
  later('Standard', 'mem-prealloc', undefined, 'preallocate guest RAM'),
  later('Standard', 'device', 'driver[,prop[=value][,...]]', 'add a device'),
  later('Standard', 'audio', '[driver=]driver[,...]', 'audio device'),
  later('Standard', 'audiodev', '[driver=]driver,id=id[,...]', 'audio back end'),
  later('Standard', 'smbios', 'type=n[,...]', 'SMBIOS tables'),
  later('Standard', 'acpitable', '[sig=str][,...]', 'ACPI table'),
  later('Standard', 'no-acpi', undefined, 'no ACPI tables'),
  later('Standard', 'enable-kvm', undefined, 'hardware virtualization'),
  later('Standard', 'usb', undefined, 'USB controller'),
  later('Standard', 'usbdevice', 'name', 'USB device'),
  later('Block device', 'drive', 'file=file[,...]', 'drive image'),
  later('Block device', 'blockdev', '[driver=]driver[,...]', 'block back end'),
  later('Block device', 'hda', 'file', 'disk 0'),
  later('Block device', 'hdb', 'file', 'disk 1'),
  later('Block device', 'hdc', 'file', 'disk 2'),
  later('Block device', 'hdd', 'file', 'disk 3'),
  later('Block device', 'cdrom', 'file', 'CD-ROM image'),
  later('Block device', 'sd', 'file', 'SD card image'),
  later('Block device', 'mtdblock', 'file', 'flash image'),
  later('Block device', 'pflash', 'file', 'flash image'),
  later('Block device', 'snapshot', undefined, 'temporary writes'),
  later('Block device', 'virtfs', 'local,path=path,mount_tag=tag[,...]', 'shared folder'),
  later('Block device', 'fsdev', 'local,id=id,path=path[,...]', 'shared folder back end'),
  later('Display', 'vga', 'type', 'video card'),
  later('Display', 'vnc', 'display', 'VNC server'),
  later('Display', 'spice', '[port=port][,...]', 'SPICE server'),
  later('Display', 'full-screen', undefined, 'full screen'),
  later('Network', 'netdev', 'type,id=id[,...]', 'network back end'),
  later('Debug/Expert', 'icount', '[shift=N|auto][,...]', 'virtual instruction counter'),
  later('Debug/Expert', 'parallel', 'dev', 'parallel port'),
  later('Debug/Expert', 'fw_cfg', '[name=]name,file=file', 'firmware configuration entry'),
  later('Debug/Expert', 'loadvm', 'tag', 'start from a saved state'),
  later('Debug/Expert', 'incoming', 'uri', 'incoming migration'),
  later('Debug/Expert', 'overcommit', '[mem-lock=on|off][,cpu-pm=on|off]', 'host resources'),
  later('Debug/Expert', 'sandbox', 'on|off[,...]', 'system call filter'),
  later('Debug/Expert', 'runas', 'user', 'change user'),
  later('Debug/Expert', 'chroot', 'dir', 'change root directory'),
  later('Debug/Expert', 'trace', '[[enable=]pattern][,...]', 'trace events'),
  later('Debug/Expert', 'plugin', '[file=]file[,...]', 'TCG plugin'),
  later('Debug/Expert', 'msg', '[timestamp=on|off][,...]', 'format of messages'),
  later('Debug/Expert', 'option-rom', 'file', 'option ROM'),
];

export type OptionName = (typeof IMPLEMENTED)[number]['name'];

export const OPTIONS: readonly OptionRow[] = [...IMPLEMENTED, ...REFUSED];

const BY_NAME = new Map(OPTIONS.flatMap((row) => [row.name, ...(row.aliases ?? [])].map((name) => [name, row] as const)));

/** The row of an option spelled `name` (without dashes). */
export function findOption(name: string): OptionRow | undefined {
  return BY_NAME.get(name);
}
