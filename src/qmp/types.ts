// Generated from schemas/ by scripts/generate-qmp.ts: the types of QMP, its commands and its events.

export type QMPCapability = 'oob';
export type VersionInfo = { qemu: VersionInfoQemu; package: string };
export type VersionInfoQemu = { major: number; minor: number; micro: number };
export type CommandInfo = { name: string };
export type EventInfo = { name: string };
export type SchemaInfo = { name: string; 'meta-type': 'builtin'; features?: readonly string[]; 'json-type': SchemaInfoBuiltinJsonType } | { name: string; 'meta-type': 'enum'; features?: readonly string[]; members: readonly SchemaInfoEnumMembers[]; values: readonly string[] } | { name: string; 'meta-type': 'array'; features?: readonly string[]; 'element-type': string } | { name: string; 'meta-type': 'object'; features?: readonly string[]; members: readonly SchemaInfoObjectMembers[]; tag?: string; variants?: readonly SchemaInfoObjectVariants[] } | { name: string; 'meta-type': 'alternate'; features?: readonly string[]; members: readonly SchemaInfoAlternateMembers[] } | { name: string; 'meta-type': 'command'; features?: readonly string[]; 'arg-type': string; 'ret-type': string; 'allow-oob'?: boolean } | { name: string; 'meta-type': 'event'; features?: readonly string[]; 'arg-type': string };
export type SchemaInfoBuiltinJsonType = 'string' | 'number' | 'int' | 'boolean' | 'null' | 'object' | 'array' | 'value';
export type SchemaInfoEnumMembers = { name: string; features?: readonly string[] };
export type SchemaInfoObjectMembers = { name: string; type: string; default?: unknown; features?: readonly string[] };
export type SchemaInfoObjectVariants = { case: string; type: string };
export type SchemaInfoAlternateMembers = { type: string };
export type StatusInfo = { running: boolean; singlestep: boolean; status: RunState };
export type RunState = 'debug' | 'inmigrate' | 'internal-error' | 'io-error' | 'paused' | 'postmigrate' | 'prelaunch' | 'finish-migrate' | 'restore-vm' | 'running' | 'save-vm' | 'shutdown' | 'suspended' | 'watchdog' | 'guest-panicked' | 'colo' | 'preconfig';
export type RebootAction = 'reset' | 'shutdown';
export type ShutdownAction = 'poweroff' | 'pause';
export type PanicAction = 'pause' | 'shutdown' | 'exit-failure' | 'none';
export type WatchdogAction = 'reset' | 'shutdown' | 'poweroff' | 'pause' | 'debug' | 'none' | 'inject-nmi';
export type ShutdownCause = 'none' | 'host-error' | 'host-qmp-quit' | 'host-qmp-system-reset' | 'host-signal' | 'host-ui' | 'guest-shutdown' | 'guest-reset' | 'guest-panic' | 'subsystem-reset' | 'snapshot-load';
export type GuestPanicAction = 'pause' | 'poweroff' | 'run';
export type GuestPanicInformation = { type: 'hyper-v'; arg1: number; arg2: number; arg3: number; arg4: number; arg5: number } | { type: 's390'; core: number; 'psw-mask': number; 'psw-addr': number; reason: GuestPanicInformationS390Reason };
export type GuestPanicInformationS390Reason = 'unknown' | 'disabled-wait' | 'extint-loop' | 'pgmint-loop' | 'opint-loop';
export type MemoryFailureRecipient = 'hypervisor' | 'guest';
export type MemoryFailureAction = 'ignore' | 'inject' | 'fatal' | 'reset';
export type MemoryFailureFlags = { 'action-required': boolean; recursive: boolean };
export type CpuInfoFast = { 'cpu-index': number; 'qom-path': string; 'thread-id': number; props?: CpuInstanceProperties; target: 's390x'; 'cpu-state': CpuInfoFastS390xCpuState } | { 'cpu-index': number; 'qom-path': string; 'thread-id': number; props?: CpuInstanceProperties; target: 'aarch64' | 'alpha' | 'arm' | 'avr' | 'cris' | 'hppa' | 'i386' | 'loongarch64' | 'm68k' | 'microblaze' | 'microblazeel' | 'mips' | 'mips64' | 'mips64el' | 'mipsel' | 'nios2' | 'or1k' | 'ppc' | 'ppc64' | 'riscv32' | 'riscv64' | 'rx' | 'sh4' | 'sh4eb' | 'sparc' | 'sparc64' | 'tricore' | 'x86_64' | 'xtensa' | 'xtensaeb' };
export type CpuInstanceProperties = { 'node-id'?: number; 'socket-id'?: number; 'die-id'?: number; 'cluster-id'?: number; 'core-id'?: number; 'thread-id'?: number };
export type SysEmuTarget = 'aarch64' | 'alpha' | 'arm' | 'avr' | 'cris' | 'hppa' | 'i386' | 'loongarch64' | 'm68k' | 'microblaze' | 'microblazeel' | 'mips' | 'mips64' | 'mips64el' | 'mipsel' | 'nios2' | 'or1k' | 'ppc' | 'ppc64' | 'riscv32' | 'riscv64' | 'rx' | 's390x' | 'sh4' | 'sh4eb' | 'sparc' | 'sparc64' | 'tricore' | 'x86_64' | 'xtensa' | 'xtensaeb';
export type CpuInfoFastS390xCpuState = 'uninitialized' | 'stopped' | 'check-stop' | 'operating' | 'load';
export type MachineInfo = { name: string; alias?: string; 'is-default'?: boolean; 'cpu-max': number; 'hotpluggable-cpus': boolean; 'numa-mem-supported': boolean; deprecated: boolean; 'default-cpu-type'?: string; 'default-ram-id'?: string };
export type CurrentMachineParams = { 'wakeup-suspend-support': boolean };
export type TargetInfo = { arch: SysEmuTarget };
export type UuidInfo = { UUID: string };
export type GuidInfo = { guid: string };
export type KvmInfo = { enabled: boolean; present: boolean };
export type Memdev = { id?: string; size: number; merge: boolean; dump: boolean; prealloc: boolean; share: boolean; reserve?: boolean; 'host-nodes': readonly number[]; policy: HostMemPolicy };
export type HostMemPolicy = 'default' | 'preferred' | 'bind' | 'interleave';
export type HotpluggableCPU = { type: string; 'vcpus-count': number; props: CpuInstanceProperties; 'qom-path'?: string };
export type BalloonInfo = { actual: number };
export type MemoryInfo = { 'base-memory': number; 'plugged-memory'?: number };
export type MemoryDeviceInfo = { type: 'dimm' | 'nvdimm'; data: MemoryDeviceInfoDimmData } | { type: 'virtio-pmem'; data: MemoryDeviceInfoVirtioPmemData } | { type: 'virtio-mem'; data: MemoryDeviceInfoVirtioMemData } | { type: 'sgx-epc'; data: MemoryDeviceInfoSgxEpcData };
export type MemoryDeviceInfoDimmData = { id?: string; addr: number; size: number; slot: number; node: number; memdev: string; hotplugged: boolean; hotpluggable: boolean };
export type MemoryDeviceInfoVirtioPmemData = { id?: string; memaddr: number; size: number; memdev: string };
export type MemoryDeviceInfoVirtioMemData = { id?: string; memaddr: number; 'requested-size': number; size: number; 'max-size': number; 'block-size': number; node: number; memdev: string };
export type MemoryDeviceInfoSgxEpcData = { id?: string; memaddr: number; size: number; node: number; memdev: string };
export type HumanReadableText = { 'human-readable-text': string };
export type SyncProfile = { enabled: boolean; 'human-readable-text': string; report: unknown };
export type CpuDefinitionInfo = { name: string; 'migration-safe'?: boolean; static: boolean; 'unavailable-features'?: readonly string[]; typename: string; 'alias-of'?: string; deprecated: boolean };
export type CpuModelExpansionType = 'static' | 'full';
export type QueryCpuModelExpansionModel = { name: string; props?: unknown };
export type CpuModelExpansionInfo = { model: QueryCpuModelExpansionModel };
export type GICCapability = { version: number; emulated: boolean; kernel: boolean };
export type NameInfo = { name?: string };
export type IOThreadInfo = { id: string; 'thread-id': number; 'poll-max-ns': number; 'poll-grow': number; 'poll-shrink': number; 'aio-max-batch': number };
export type AddfdInfo = { 'fdset-id': number; fd: number };
export type FdsetInfo = { 'fdset-id': number; fds: readonly FdsetInfoFds[] };
export type FdsetInfoFds = { fd: number; opaque?: string };
export type CommandLineOptionInfo = { option: string; parameters: readonly CommandLineParameterInfo[] };
export type CommandLineParameterInfo = { name: string; type: CommandLineParameterInfoType; help?: string; default?: string };
export type CommandLineParameterInfoType = 'string' | 'boolean' | 'number' | 'size';
export type ObjectPropertyInfo = { name: string; type: string; description?: string; 'default-value'?: unknown };
export type ObjectTypeInfo = { name: string; abstract?: boolean; parent?: string };
export type ObjectAddSecretFormat = 'raw' | 'base64';
export type ChardevInfo = { label: string; filename: string; 'frontend-open': boolean };
export type ChardevBackendInfo = { name: string };
export type DataFormat = 'utf8' | 'base64';
export type ChardevBackend = { type: 'file'; data: ChardevBackendFileData } | { type: 'socket'; data: ChardevBackendSocketData } | { type: 'null'; data: ChardevBackendNullData } | { type: 'stdio'; data: ChardevBackendStdioData } | { type: 'ringbuf' | 'memory'; data: ChardevBackendRingbufData };
export type ChardevBackendFileData = { logfile?: string; logappend?: boolean; in?: string; out: string; append?: boolean };
export type ChardevBackendSocketData = { logfile?: string; logappend?: boolean; addr: ChardevBackendSocketDataAddr; 'tls-creds'?: string; 'tls-authz'?: string; server?: boolean; wait?: boolean; nodelay?: boolean; telnet?: boolean; tn3270?: boolean; websocket?: boolean; reconnect?: number };
export type ChardevBackendSocketDataAddr = { type: 'inet'; data: ChardevBackendSocketDataAddrInetData } | { type: 'unix'; data: ChardevBackendSocketDataAddrUnixData } | { type: 'vsock'; data: ChardevBackendSocketDataAddrVsockData } | { type: 'fd'; data: ChardevBackendSocketDataAddrFdData };
export type ChardevBackendSocketDataAddrInetData = { host: string; port: string; numeric?: boolean; to?: number; ipv4?: boolean; ipv6?: boolean; 'keep-alive'?: boolean; mptcp?: boolean };
export type ChardevBackendSocketDataAddrUnixData = { path: string; abstract?: boolean; tight?: boolean };
export type ChardevBackendSocketDataAddrVsockData = { cid: string; port: string };
export type ChardevBackendSocketDataAddrFdData = { str: string };
export type ChardevBackendNullData = { logfile?: string; logappend?: boolean };
export type ChardevBackendStdioData = { logfile?: string; logappend?: boolean; signal?: boolean };
export type ChardevBackendRingbufData = { logfile?: string; logappend?: boolean; size?: number };
export type ChardevReturn = { pty?: string };
export type TraceEventInfo = { name: string; state: TraceEventState; vcpu: boolean };
export type TraceEventState = 'unavailable' | 'disabled' | 'enabled';
export type YankInstances = { type: 'block-node'; 'node-name': string } | { type: 'chardev'; id: string } | { type: 'migration' };
export type JobInfo = { id: string; type: JobType; status: JobStatus; 'current-progress': number; 'total-progress': number; error?: string };
export type JobType = 'commit' | 'stream' | 'mirror' | 'backup' | 'create' | 'amend' | 'snapshot-load' | 'snapshot-save' | 'snapshot-delete';
export type JobStatus = 'undefined' | 'created' | 'running' | 'paused' | 'ready' | 'standby' | 'waiting' | 'pending' | 'aborting' | 'concluded' | 'null';
export type BlockInfo = { device: string; qdev?: string; type: string; removable: boolean; locked: boolean; inserted?: BlockInfoInserted; tray_open?: boolean; 'io-status'?: BlockInfoIoStatus };
export type BlockInfoInserted = { file: string; 'node-name'?: string; ro: boolean; drv: string; backing_file?: string; backing_file_depth: number; encrypted: boolean; detect_zeroes: BlockInfoInsertedDetectZeroes; bps: number; bps_rd: number; bps_wr: number; iops: number; iops_rd: number; iops_wr: number; image: BlockInfoInsertedImage; bps_max?: number; bps_rd_max?: number; bps_wr_max?: number; iops_max?: number; iops_rd_max?: number; iops_wr_max?: number; bps_max_length?: number; bps_rd_max_length?: number; bps_wr_max_length?: number; iops_max_length?: number; iops_rd_max_length?: number; iops_wr_max_length?: number; iops_size?: number; group?: string; cache: BlockInfoInsertedCache; write_threshold: number; 'dirty-bitmaps'?: readonly BlockInfoInsertedDirtyBitmaps[] };
export type BlockInfoInsertedDetectZeroes = 'off' | 'on' | 'unmap';
export type BlockInfoInsertedImage = { filename: string; format: string; 'dirty-flag'?: boolean; 'actual-size'?: number; 'virtual-size': number; 'cluster-size'?: number; encrypted?: boolean; compressed?: boolean; 'backing-filename'?: string; 'full-backing-filename'?: string; 'backing-filename-format'?: string; snapshots?: readonly BlockInfoInsertedImageSnapshots[]; 'backing-image'?: BlockInfoInsertedImage; 'format-specific'?: BlockInfoInsertedImageFormatSpecific };
export type BlockInfoInsertedImageSnapshots = { id: string; name: string; 'vm-state-size': number; 'date-sec': number; 'date-nsec': number; 'vm-clock-sec': number; 'vm-clock-nsec': number; icount?: number };
export type BlockInfoInsertedImageFormatSpecific = { type: 'qcow2'; data: BlockInfoInsertedImageFormatSpecificQcow2Data } | { type: 'vmdk'; data: BlockInfoInsertedImageFormatSpecificVmdkData } | { type: 'luks'; data: BlockInfoInsertedImageFormatSpecificLuksData } | { type: 'rbd'; data: BlockInfoInsertedImageFormatSpecificRbdData };
export type BlockInfoInsertedImageFormatSpecificQcow2Data = { compat: string; 'data-file'?: string; 'data-file-raw'?: boolean; 'extended-l2'?: boolean; 'lazy-refcounts'?: boolean; corrupt?: boolean; 'refcount-bits': number; encrypt?: BlockInfoInsertedImageFormatSpecificQcow2DataEncrypt; bitmaps?: readonly BlockInfoInsertedImageFormatSpecificQcow2DataBitmaps[]; 'compression-type': BlockInfoInsertedImageFormatSpecificQcow2DataCompressionType };
export type BlockInfoInsertedImageFormatSpecificQcow2DataEncrypt = { format: 'luks'; 'cipher-alg': BlockInfoInsertedImageFormatSpecificQcow2DataEncryptLuksCipherAlg; 'cipher-mode': BlockInfoInsertedImageFormatSpecificQcow2DataEncryptLuksCipherMode; 'ivgen-alg': BlockInfoInsertedImageFormatSpecificQcow2DataEncryptLuksIvgenAlg; 'ivgen-hash-alg'?: BlockInfoInsertedImageFormatSpecificQcow2DataEncryptLuksIvgenHashAlg; 'hash-alg': BlockInfoInsertedImageFormatSpecificQcow2DataEncryptLuksIvgenHashAlg; 'payload-offset': number; 'master-key-iters': number; uuid: string; slots: readonly BlockInfoInsertedImageFormatSpecificQcow2DataEncryptLuksSlots[] } | { format: 'aes' };
export type BlockInfoInsertedImageFormatSpecificQcow2DataEncryptLuksCipherAlg = 'aes-128' | 'aes-192' | 'aes-256' | 'des' | '3des' | 'cast5-128' | 'serpent-128' | 'serpent-192' | 'serpent-256' | 'twofish-128' | 'twofish-192' | 'twofish-256';
export type BlockInfoInsertedImageFormatSpecificQcow2DataEncryptLuksCipherMode = 'ecb' | 'cbc' | 'xts' | 'ctr';
export type BlockInfoInsertedImageFormatSpecificQcow2DataEncryptLuksIvgenAlg = 'plain' | 'plain64' | 'essiv';
export type BlockInfoInsertedImageFormatSpecificQcow2DataEncryptLuksIvgenHashAlg = 'md5' | 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512' | 'ripemd160';
export type BlockInfoInsertedImageFormatSpecificQcow2DataEncryptLuksSlots = { active: boolean; iters?: number; stripes?: number; 'key-offset': number };
export type BlockInfoInsertedImageFormatSpecificQcow2DataBitmaps = { name: string; granularity: number; flags: readonly BlockInfoInsertedImageFormatSpecificQcow2DataBitmapsFlags[] };
export type BlockInfoInsertedImageFormatSpecificQcow2DataBitmapsFlags = 'in-use' | 'auto';
export type BlockInfoInsertedImageFormatSpecificQcow2DataCompressionType = 'zlib' | 'zstd';
export type BlockInfoInsertedImageFormatSpecificVmdkData = { 'create-type': string; cid: number; 'parent-cid': number; extents: readonly BlockInfoInsertedImage[] };
export type BlockInfoInsertedImageFormatSpecificLuksData = { 'cipher-alg': BlockInfoInsertedImageFormatSpecificQcow2DataEncryptLuksCipherAlg; 'cipher-mode': BlockInfoInsertedImageFormatSpecificQcow2DataEncryptLuksCipherMode; 'ivgen-alg': BlockInfoInsertedImageFormatSpecificQcow2DataEncryptLuksIvgenAlg; 'ivgen-hash-alg'?: BlockInfoInsertedImageFormatSpecificQcow2DataEncryptLuksIvgenHashAlg; 'hash-alg': BlockInfoInsertedImageFormatSpecificQcow2DataEncryptLuksIvgenHashAlg; 'payload-offset': number; 'master-key-iters': number; uuid: string; slots: readonly BlockInfoInsertedImageFormatSpecificQcow2DataEncryptLuksSlots[] };
export type BlockInfoInsertedImageFormatSpecificRbdData = { 'encryption-format'?: BlockInfoInsertedImageFormatSpecificRbdDataEncryptionFormat };
export type BlockInfoInsertedImageFormatSpecificRbdDataEncryptionFormat = 'luks' | 'luks2';
export type BlockInfoInsertedCache = { writeback: boolean; direct: boolean; 'no-flush': boolean };
export type BlockInfoInsertedDirtyBitmaps = { name?: string; count: number; granularity: number; recording: boolean; busy: boolean; persistent: boolean; inconsistent?: boolean };
export type BlockInfoIoStatus = 'ok' | 'failed' | 'nospace';
export type RxFilterInfo = { name: string; promiscuous: boolean; multicast: RxFilterInfoMulticast; unicast: RxFilterInfoMulticast; vlan: RxFilterInfoMulticast; 'broadcast-allowed': boolean; 'multicast-overflow': boolean; 'unicast-overflow': boolean; 'main-mac': string; 'vlan-table': readonly number[]; 'unicast-table': readonly string[]; 'multicast-table': readonly string[] };
export type RxFilterInfoMulticast = 'normal' | 'none' | 'all';
export type PciInfo = { bus: number; devices: readonly PciDeviceInfo[] };
export type PciDeviceInfo = { bus: number; slot: number; function: number; class_info: PciDeviceInfoClassInfo; id: PciDeviceInfoId; irq?: number; irq_pin: number; qdev_id: string; pci_bridge?: PciDeviceInfoPciBridge; regions: readonly PciDeviceInfoRegions[] };
export type PciDeviceInfoClassInfo = { desc?: string; class: number };
export type PciDeviceInfoId = { device: number; vendor: number; subsystem?: number; 'subsystem-vendor'?: number };
export type PciDeviceInfoPciBridge = { bus: PciDeviceInfoPciBridgeBus; devices?: readonly PciDeviceInfo[] };
export type PciDeviceInfoPciBridgeBus = { number: number; secondary: number; subordinate: number; io_range: PciDeviceInfoPciBridgeBusIoRange; memory_range: PciDeviceInfoPciBridgeBusIoRange; prefetchable_range: PciDeviceInfoPciBridgeBusIoRange };
export type PciDeviceInfoPciBridgeBusIoRange = { base: number; limit: number };
export type PciDeviceInfoRegions = { bar: number; type: string; address: number; size: number; prefetch?: boolean; mem_type_64?: boolean };
export type ImageFormat = 'ppm' | 'png';
export type KeyValue = { type: 'number'; data: number } | { type: 'qcode'; data: KeyValueQcodeData };
export type KeyValueQcodeData = 'unmapped' | 'shift' | 'shift_r' | 'alt' | 'alt_r' | 'ctrl' | 'ctrl_r' | 'menu' | 'esc' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9' | '0' | 'minus' | 'equal' | 'backspace' | 'tab' | 'q' | 'w' | 'e' | 'r' | 't' | 'y' | 'u' | 'i' | 'o' | 'p' | 'bracket_left' | 'bracket_right' | 'ret' | 'a' | 's' | 'd' | 'f' | 'g' | 'h' | 'j' | 'k' | 'l' | 'semicolon' | 'apostrophe' | 'grave_accent' | 'backslash' | 'z' | 'x' | 'c' | 'v' | 'b' | 'n' | 'm' | 'comma' | 'dot' | 'slash' | 'asterisk' | 'spc' | 'caps_lock' | 'f1' | 'f2' | 'f3' | 'f4' | 'f5' | 'f6' | 'f7' | 'f8' | 'f9' | 'f10' | 'num_lock' | 'scroll_lock' | 'kp_divide' | 'kp_multiply' | 'kp_subtract' | 'kp_add' | 'kp_enter' | 'kp_decimal' | 'sysrq' | 'kp_0' | 'kp_1' | 'kp_2' | 'kp_3' | 'kp_4' | 'kp_5' | 'kp_6' | 'kp_7' | 'kp_8' | 'kp_9' | 'less' | 'f11' | 'f12' | 'print' | 'home' | 'pgup' | 'pgdn' | 'end' | 'left' | 'up' | 'down' | 'right' | 'insert' | 'delete' | 'stop' | 'again' | 'props' | 'undo' | 'front' | 'copy' | 'open' | 'paste' | 'find' | 'cut' | 'lf' | 'help' | 'meta_l' | 'meta_r' | 'compose' | 'pause' | 'ro' | 'hiragana' | 'henkan' | 'yen' | 'muhenkan' | 'katakanahiragana' | 'kp_comma' | 'kp_equals' | 'power' | 'sleep' | 'wake' | 'audionext' | 'audioprev' | 'audiostop' | 'audioplay' | 'audiomute' | 'volumeup' | 'volumedown' | 'mediaselect' | 'mail' | 'calculator' | 'computer' | 'ac_home' | 'ac_back' | 'ac_forward' | 'ac_refresh' | 'ac_bookmarks' | 'lang1' | 'lang2';
export type MouseInfo = { name: string; index: number; current: boolean; absolute: boolean };
export type DisplayOptions = { type: 'gtk'; 'full-screen'?: boolean; 'window-close'?: boolean; 'show-cursor'?: boolean; gl?: DisplayOptionsGl; 'grab-on-hover'?: boolean; 'zoom-to-fit'?: boolean; 'show-tabs'?: boolean; 'show-menubar'?: boolean } | { type: 'curses'; 'full-screen'?: boolean; 'window-close'?: boolean; 'show-cursor'?: boolean; gl?: DisplayOptionsGl; charset?: string } | { type: 'egl-headless'; 'full-screen'?: boolean; 'window-close'?: boolean; 'show-cursor'?: boolean; gl?: DisplayOptionsGl; rendernode?: string } | { type: 'dbus'; 'full-screen'?: boolean; 'window-close'?: boolean; 'show-cursor'?: boolean; gl?: DisplayOptionsGl; rendernode?: string; addr?: string; p2p?: boolean; audiodev?: string } | { type: 'sdl'; 'full-screen'?: boolean; 'window-close'?: boolean; 'show-cursor'?: boolean; gl?: DisplayOptionsGl; 'grab-mod'?: DisplayOptionsSdlGrabMod } | { type: 'default' | 'none' | 'spice-app'; 'full-screen'?: boolean; 'window-close'?: boolean; 'show-cursor'?: boolean; gl?: DisplayOptionsGl };
export type DisplayOptionsGl = 'off' | 'on' | 'core' | 'es';
export type DisplayOptionsSdlGrabMod = 'lctrl-lalt' | 'lshift-lctrl-lalt' | 'rctrl';
export type VncInfo = { enabled: boolean; host?: string; family?: VncInfoFamily; service?: string; auth?: string; clients?: readonly VncInfoClients[] };
export type VncInfoFamily = 'ipv4' | 'ipv6' | 'unix' | 'vsock' | 'unknown';
export type VncInfoClients = { host: string; service: string; family: VncInfoFamily; websocket: boolean; x509_dname?: string; sasl_username?: string };

/** Arguments and return value of each command. */
export interface QmpCommands {
  /** Ends the negotiation: names the capabilities to enable, and the monitor takes commands from then on. */
  qmp_capabilities: { arguments: { enable?: readonly QMPCapability[] }; returns: void };
  /** The version that is emulated, and the package it comes from. */
  'query-version': { arguments: Record<string, never>; returns: VersionInfo };
  /** The names of all commands. */
  'query-commands': { arguments: Record<string, never>; returns: readonly CommandInfo[] };
  /** Ends the emulator. */
  quit: { arguments: Record<string, never>; returns: void };
  /** The names of all events. */
  'query-events': { arguments: Record<string, never>; returns: readonly EventInfo[] };
  /** Every command, event and type of this interface as data. */
  'query-qmp-schema': { arguments: Record<string, never>; returns: readonly SchemaInfo[] };
  /** The run state of the machine. */
  'query-status': { arguments: Record<string, never>; returns: StatusInfo };
  /** What happens on a guest reset, shutdown, panic or watchdog event. */
  'set-action': { arguments: { reboot?: RebootAction; shutdown?: ShutdownAction; panic?: PanicAction; watchdog?: WatchdogAction }; returns: void };
  /** What happens when the watchdog fires. */
  'watchdog-set-action': { arguments: { action: WatchdogAction }; returns: void };
  /** Every vCPU: its host thread and its place in the topology, without disturbing it. */
  'query-cpus-fast': { arguments: Record<string, never>; returns: readonly CpuInfoFast[] };
  /** The machines that can be emulated. */
  'query-machines': { arguments: Record<string, never>; returns: readonly MachineInfo[] };
  /** What the running machine can do. */
  'query-current-machine': { arguments: Record<string, never>; returns: CurrentMachineParams };
  /** The architecture emulated. */
  'query-target': { arguments: Record<string, never>; returns: TargetInfo };
  /** The UUID of the guest. */
  'query-uuid': { arguments: Record<string, never>; returns: UuidInfo };
  /** The generation id of the guest. */
  'query-vm-generation-id': { arguments: Record<string, never>; returns: GuidInfo };
  /** Resets the machine. */
  system_reset: { arguments: Record<string, never>; returns: void };
  /** Presses the power button. */
  system_powerdown: { arguments: Record<string, never>; returns: void };
  /** Wakes a suspended guest. */
  system_wakeup: { arguments: Record<string, never>; returns: void };
  /** Raises a non-maskable interrupt. */
  'inject-nmi': { arguments: Record<string, never>; returns: void };
  /** Whether hardware virtualization is there and in use. */
  'query-kvm': { arguments: Record<string, never>; returns: KvmInfo };
  /** Writes guest memory, by virtual address as one vCPU sees it, to a file. */
  memsave: { arguments: { val: number; size: number; filename: string; 'cpu-index'?: number }; returns: void };
  /** Writes guest memory, by physical address, to a file. */
  pmemsave: { arguments: { val: number; size: number; filename: string }; returns: void };
  /** The memory back ends. */
  'query-memdev': { arguments: Record<string, never>; returns: readonly Memdev[] };
  /** The vCPUs that are there or can be plugged in. */
  'query-hotpluggable-cpus': { arguments: Record<string, never>; returns: readonly HotpluggableCPU[] };
  /** Adds to the NUMA configuration before the machine is created, as -numa does. */
  'set-numa-node': { arguments: { type: 'node'; nodeid?: number; cpus?: readonly number[]; mem?: number; memdev?: string; initiator?: number } | { type: 'dist'; src: number; dst: number; val: number } | { type: 'cpu'; 'node-id'?: number; 'socket-id'?: number; 'die-id'?: number; 'cluster-id'?: number; 'core-id'?: number; 'thread-id'?: number }; returns: void };
  /** Asks the balloon driver for a memory size. */
  balloon: { arguments: { value: number }; returns: void };
  /** The actual size of the balloon. */
  'query-balloon': { arguments: Record<string, never>; returns: BalloonInfo };
  /** How much memory the guest has. */
  'query-memory-size-summary': { arguments: Record<string, never>; returns: MemoryInfo };
  /** The memory devices of the guest. */
  'query-memory-devices': { arguments: Record<string, never>; returns: readonly MemoryDeviceInfo[] };
  /** The exclusive monitor as text: scheme, marked pages, ABA meter (`-accel tcg,exclusive=check`). */
  'x-query-exclusive': { arguments: Record<string, never>; returns: HumanReadableText };
  /** Interrupt statistics as text. */
  'x-query-irq': { arguments: Record<string, never>; returns: HumanReadableText };
  /** State of the translator as text. */
  'x-query-jit': { arguments: Record<string, never>; returns: HumanReadableText };
  /** NUMA nodes as text. */
  'x-query-numa': { arguments: Record<string, never>; returns: HumanReadableText };
  /** Counts of the translator's operations as text. */
  'x-query-opcount': { arguments: Record<string, never>; returns: HumanReadableText };
  /** Profile of the translator as text. */
  'x-query-profile': { arguments: Record<string, never>; returns: HumanReadableText };
  /** Blocks of guest memory as text. */
  'x-query-ramblock': { arguments: Record<string, never>; returns: HumanReadableText };
  /** Images loaded at reset as text. */
  'x-query-roms': { arguments: Record<string, never>; returns: HumanReadableText };
  /** Waits and holds of the emulator's locks, stops of the world, waits of the guest's code. The human monitor's sync-profile switches the profiler, or --profile-locks from the start. */
  'x-query-sync-profile': { arguments: Record<string, never>; returns: SyncProfile };
  /** Writes the device tree to a file. */
  dumpdtb: { arguments: { filename: string }; returns: void };
  /** The CPU models. */
  'query-cpu-definitions': { arguments: Record<string, never>; returns: readonly CpuDefinitionInfo[] };
  /** The properties of a CPU model. */
  'query-cpu-model-expansion': { arguments: { type: CpuModelExpansionType; model: QueryCpuModelExpansionModel }; returns: CpuModelExpansionInfo };
  /** The interrupt controllers that can be emulated. */
  'query-gic-capabilities': { arguments: Record<string, never>; returns: readonly GICCapability[] };
  /** The name of the guest. */
  'query-name': { arguments: Record<string, never>; returns: NameInfo };
  /** The I/O threads. */
  'query-iothreads': { arguments: Record<string, never>; returns: readonly IOThreadInfo[] };
  /** Stops the guest: every vCPU is parked and the virtual clock stands still. */
  stop: { arguments: Record<string, never>; returns: void };
  /** Lets a stopped guest run. */
  cont: { arguments: Record<string, never>; returns: void };
  /** Creates the machine and leaves the preconfig state. */
  'x-exit-preconfig': { arguments: Record<string, never>; returns: void };
  /** Runs a command of the human monitor and returns what it prints. */
  'human-monitor-command': { arguments: { 'command-line': string; 'cpu-index'?: number }; returns: string };
  /** Receives a file descriptor through the monitor's socket. */
  getfd: { arguments: { fdname: string }; returns: void };
  /** Closes a file descriptor received before. */
  closefd: { arguments: { fdname: string }; returns: void };
  /** Receives a file descriptor into a set. */
  'add-fd': { arguments: { 'fdset-id'?: number; opaque?: string }; returns: AddfdInfo };
  /** Removes file descriptors from a set. */
  'remove-fd': { arguments: { 'fdset-id': number; fd?: number }; returns: void };
  /** The sets of file descriptors. */
  'query-fdsets': { arguments: Record<string, never>; returns: readonly FdsetInfo[] };
  /** The options of the command line and their parameters. */
  'query-command-line-options': { arguments: { option?: string }; returns: readonly CommandLineOptionInfo[] };
  /** The properties of an object. */
  'qom-list': { arguments: { path: string }; returns: readonly ObjectPropertyInfo[] };
  /** The value of a property. */
  'qom-get': { arguments: { path: string; property: string }; returns: unknown };
  /** Changes a property. */
  'qom-set': { arguments: { path: string; property: string; value: unknown }; returns: void };
  /** The types of objects. */
  'qom-list-types': { arguments: { implements?: string; abstract?: boolean }; returns: readonly ObjectTypeInfo[] };
  /** The properties of a type. */
  'qom-list-properties': { arguments: { typename: string }; returns: readonly ObjectPropertyInfo[] };
  /** Creates an object. */
  'object-add': { arguments: { 'qom-type': 'memory-backend-ram'; id: string; dump?: boolean; 'host-nodes'?: readonly number[]; merge?: boolean; policy?: HostMemPolicy; prealloc?: boolean; 'prealloc-threads'?: number; 'prealloc-context'?: string; share?: boolean; reserve?: boolean; size: number; 'x-use-canonical-path-for-ramblock-id'?: boolean } | { 'qom-type': 'rng-builtin'; id: string; opened?: boolean } | { 'qom-type': 'rng-random'; id: string; opened?: boolean; filename?: string } | { 'qom-type': 'secret'; id: string; loaded?: boolean; format?: ObjectAddSecretFormat; keyid?: string; iv?: string; data?: string; file?: string }; returns: void };
  /** Deletes an object. */
  'object-del': { arguments: { id: string }; returns: void };
  /** The properties of a device model. */
  'device-list-properties': { arguments: { typename: string }; returns: readonly ObjectPropertyInfo[] };
  /** Adds a device. */
  device_add: { arguments: { driver: string; bus?: string; id?: string; [property: string]: unknown }; returns: void };
  /** Removes a device. */
  device_del: { arguments: { id: string }; returns: void };
  /** The character devices. */
  'query-chardev': { arguments: Record<string, never>; returns: readonly ChardevInfo[] };
  /** The kinds of character devices. */
  'query-chardev-backends': { arguments: Record<string, never>; returns: readonly ChardevBackendInfo[] };
  /** Writes to a ring buffer. */
  'ringbuf-write': { arguments: { device: string; data: string; format?: DataFormat }; returns: void };
  /** Reads from a ring buffer. */
  'ringbuf-read': { arguments: { device: string; size: number; format?: DataFormat }; returns: string };
  /** Creates a character device. */
  'chardev-add': { arguments: { id: string; backend: ChardevBackend }; returns: ChardevReturn };
  /** Removes a character device. */
  'chardev-remove': { arguments: { id: string }; returns: void };
  /** Sends a break on a character device. */
  'chardev-send-break': { arguments: { id: string }; returns: void };
  /** The state of trace events. */
  'trace-event-get-state': { arguments: { name: string; vcpu?: number }; returns: readonly TraceEventInfo[] };
  /** Switches trace events on or off. */
  'trace-event-set-state': { arguments: { name: string; enable: boolean; 'ignore-unavailable'?: boolean; vcpu?: number }; returns: void };
  /** Cuts connections that hang. */
  yank: { arguments: { instances: readonly YankInstances[] }; returns: void };
  /** The connections that can be cut. */
  'query-yank': { arguments: Record<string, never>; returns: readonly YankInstances[] };
  /** The background jobs. */
  'query-jobs': { arguments: Record<string, never>; returns: readonly JobInfo[] };
  /** The drives. */
  'query-block': { arguments: Record<string, never>; returns: readonly BlockInfo[] };
  /** The nodes of the block layer. */
  'query-named-block-nodes': { arguments: { flat?: boolean }; returns: readonly BlockInfoInserted[] };
  /** The receive filters of network devices. */
  'query-rx-filter': { arguments: { name?: string }; returns: readonly RxFilterInfo[] };
  /** The PCI buses and devices. */
  'query-pci': { arguments: Record<string, never>; returns: readonly PciInfo[] };
  /** Writes what a display shows to a file. */
  screendump: { arguments: { filename: string; device?: string; head?: number; format?: ImageFormat }; returns: void };
  /** Presses keys of the keyboard. */
  'send-key': { arguments: { keys: readonly KeyValue[]; 'hold-time'?: number }; returns: void };
  /** The pointing devices. */
  'query-mice': { arguments: Record<string, never>; returns: readonly MouseInfo[] };
  /** The display in use. */
  'query-display-options': { arguments: Record<string, never>; returns: DisplayOptions };
  /** The VNC server. */
  'query-vnc': { arguments: Record<string, never>; returns: VncInfo };
}

/** Data of each event. */
export interface QmpEvents {
  /** The machine ends, or stops for good with -no-shutdown. */
  SHUTDOWN: { guest: boolean; reason: ShutdownCause };
  /** The power button was pressed. */
  POWERDOWN: undefined;
  /** The machine was reset. */
  RESET: { guest: boolean; reason: ShutdownCause };
  /** The guest was stopped. */
  STOP: undefined;
  /** The guest runs again. */
  RESUME: undefined;
  /** The guest sleeps. */
  SUSPEND: undefined;
  /** The guest has saved itself to disk. */
  SUSPEND_DISK: undefined;
  /** The guest woke up. */
  WAKEUP: undefined;
  /** The watchdog fired. */
  WATCHDOG: { action: WatchdogAction };
  /** The guest has panicked. */
  GUEST_PANICKED: { action: GuestPanicAction; info?: GuestPanicInformation };
  /** The guest has loaded its crash kernel. */
  GUEST_CRASHLOADED: { action: GuestPanicAction; info?: GuestPanicInformation };
  /** A memory error was handled. */
  MEMORY_FAILURE: { recipient: MemoryFailureRecipient; action: MemoryFailureAction; flags: MemoryFailureFlags };
  /** The balloon has changed its size. */
  BALLOON_CHANGE: { actual: number };
  /** A memory device has changed its size. */
  MEMORY_DEVICE_SIZE_CHANGE: { id?: string; size: number; 'qom-path': string };
  /** The guest has set its clock: the offset in seconds from the base. */
  RTC_CHANGE: { offset: number; 'qom-path': string };
  /** A device is gone. */
  DEVICE_DELETED: { device?: string; path: string };
  /** The guest has opened or closed a virtio serial port. */
  VSERPORT_CHANGE: { id: string; open: boolean };
  /** A job has changed its state. */
  JOB_STATUS_CHANGE: { id: string; status: JobStatus };
}
