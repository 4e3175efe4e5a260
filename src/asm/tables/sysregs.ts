// System register names and their encodings, grouped by op0, op1 and CRn (Arm ARM D19, named registers).
//
// Key: op0_op1_cCRn. Value: names with CRm.op2; `name<a-b>:m.o+s` is a series a…b whose encodings,
// read as CRm:op2 (7 bits), start at m.o and grow by s (1 when not given).

const GROUPS: Record<string, string> = {
  '2_0_c0': 'osdtrrx_el1:0.2 dbgbvr<0-15>_el1:0.4+8 dbgbcr<0-15>_el1:0.5+8 dbgwvr<0-15>_el1:0.6+8 ' +
    'dbgwcr<0-15>_el1:0.7+8 mdccint_el1:2.0 mdscr_el1:2.2 osdtrtx_el1:3.2 oseccr_el1:6.2',
  '2_0_c1': 'mdrar_el1:0.0 oslar_el1:0.4 oslsr_el1:1.4 osdlr_el1:3.4 dbgprcr_el1:4.4',
  '2_0_c7': 'dbgclaimset_el1:8.6 dbgclaimclr_el1:9.6 dbgauthstatus_el1:14.6',
  '2_0_c8': 'csrcr_el1:0.0 csrptr_el1:0.1 csrptridx_el1:0.3',
  '2_1_c0': 'trctraceidr:0.1 trcvictlr:0.2 trcseqevr<0-2>:0.4+8 trccntrldvr<0-3>:0.5+8 trcidr<8-13>:0.6+8 ' +
    'trcimspec<0-7>:0.7+8 trcprgctlr:1.0 trcqctlr:1.1 trcviiectlr:1.2 trcprocselr:2.0 trcvissctlr:2.2 ' +
    'trcstatr:3.0 trcvipcssctlr:3.2 trcconfigr:4.0 trccntctlr<0-3>:4.5+8 trcauxctlr:6.0 trcseqrstevr:6.4 ' +
    'trcseqstr:7.4 trceventctl0r:8.0 trcvdctlr:8.2 trcextinselr<0-3>:8.4+8 trcextinselr:8.4 ' +
    'trccntvr<0-3>:8.5+8 trcidr<0-7>:8.7+8 trceventctl1r:9.0 trcvdsacctlr:9.2 trcrsr:10.0 ' +
    'trcvdarcctlr:10.2 trcstallctlr:11.0 trctsctlr:12.0 trcsyncpr:13.0 trcccctlr:14.0 trcbbctlr:15.0',
  '2_1_c1': 'trcrsctlr<16-31>:0.1+8 trcssccr<0-7>:0.2+8 trcsspcicr<0-7>:0.3+8 trcoslar:0.4 trcoslsr:1.4 ' +
    'trcrsctlr<2-15>:2.0+8 trcpdcr:4.4 trcpdsr:5.4 trcsscsr<0-7>:8.2+8',
  '2_1_c2': 'trcacvr<0-7>:0.0+16 trcacvr<8-15>:0.1+16 trcacatr<0-7>:0.2+16 trcacatr<8-15>:0.3+16 ' +
    'trcdvcvr<0-3>:0.4+32 trcdvcvr<4-7>:0.5+32 trcdvcmr<0-3>:0.6+32 trcdvcmr<4-7>:0.7+32',
  '2_1_c3': 'trccidcvr<0-7>:0.0+16 trcvmidcvr<0-7>:0.1+16 trccidcctlr0:0.2 trccidcctlr1:1.2 trcvmidcctlr0:2.2 ' +
    'trcvmidcctlr1:3.2',
  '2_1_c7': 'trcitctrl:0.4 trcdevid:2.7 trcdevtype:3.7 trcpidr<4-7>:4.7+8 trcclaimset:8.6 trcpidr<0-3>:8.7+8 ' +
    'trcclaimclr:9.6 trcdevaff0:10.6 trcdevaff1:11.6 trclar:12.6 trccidr<0-3>:12.7+8 trclsr:13.6 ' +
    'trcauthstatus:14.6 trcdevarch:15.6',
  '2_1_c8': 'brbinf<0-15>_el1:0.0+8 brbsrc<0-15>_el1:0.1+8 brbtgt<0-15>_el1:0.2+8 brbinf<16-31>_el1:0.4+8 ' +
    'brbsrc<16-31>_el1:0.5+8 brbtgt<16-31>_el1:0.6+8',
  '2_1_c9': 'brbcr_el1:0.0 brbfcr_el1:0.1 brbts_el1:0.2 brbinfinj_el1:1.0 brbsrcinj_el1:1.1 brbtgtinj_el1:1.2 ' +
    'brbidr0_el1:2.0',
  '2_2_c0': 'teecr32_el1:0.0',
  '2_2_c1': 'teehbr32_el1:0.0',
  '2_3_c0': 'mdccsr_el0:1.0 dbgdtr_el0:4.0 dbgdtrrx_el0:5.0 dbgdtrtx_el0:5.0',
  '2_3_c8': 'csrcr_el0:0.0 csrptr_el0:0.1 csridr_el0:0.2 csrptridx_el0:0.3',
  '2_4_c0': 'dbgvcr32_el2:7.0',
  '2_4_c8': 'csrcr_el2:0.0 csrptr_el2:0.1 csrptridx_el2:0.3',
  '2_4_c9': 'brbcr_el2:0.0',
  '2_5_c8': 'csrcr_el12:0.0 csrptr_el12:0.1',
  '2_5_c9': 'brbcr_el12:0.0',
  '3_0_c0': 'midr_el1:0.0 mpidr_el1:0.5 revidr_el1:0.6 id_pfr0_el1:1.0 id_pfr1_el1:1.1 id_dfr0_el1:1.2 ' +
    'id_afr0_el1:1.3 id_mmfr<0-3>_el1:1.4 id_isar<0-5>_el1:2.0 id_mmfr4_el1:2.6 id_isar6_el1:2.7 ' +
    'mvfr<0-2>_el1:3.0 id_pfr2_el1:3.4 id_dfr1_el1:3.5 id_mmfr5_el1:3.6 id_aa64pfr0_el1:4.0 ' +
    'id_aa64pfr1_el1:4.1 id_aa64zfr0_el1:4.4 id_aa64smfr0_el1:4.5 id_aa64dfr0_el1:5.0 id_aa64dfr1_el1:5.1 ' +
    'id_aa64afr0_el1:5.4 id_aa64afr1_el1:5.5 id_aa64isar<0-2>_el1:6.0 id_aa64mmfr<0-2>_el1:7.0',
  '3_0_c1': 'sctlr_el1:0.0 actlr_el1:0.1 cpacr_el1:0.2 rgsr_el1:0.5 gcr_el1:0.6 zcr_el1:2.0 trfcr_el1:2.1 ' +
    'smpri_el1:2.4 smcr_el1:2.6',
  '3_0_c2': 'ttbr0_el1:0.0 ttbr1_el1:0.1 tcr_el1:0.2 apiakeylo_el1:1.0 apiakeyhi_el1:1.1 apibkeylo_el1:1.2 ' +
    'apibkeyhi_el1:1.3 apdakeylo_el1:2.0 apdakeyhi_el1:2.1 apdbkeylo_el1:2.2 apdbkeyhi_el1:2.3 ' +
    'apgakeylo_el1:3.0 apgakeyhi_el1:3.1',
  '3_0_c4': 'spsr_el1:0.0 spsr_svc:0.0 elr_el1:0.1 sp_el0:1.0 spsel:2.0 currentel:2.2 pan:2.3 uao:2.4 allint:3.0 ' +
    'icc_pmr_el1:6.0',
  '3_0_c5': 'afsr0_el1:1.0 afsr1_el1:1.1 esr_el1:2.0 erridr_el1:3.0 errselr_el1:3.1 erxfr_el1:4.0 erxctlr_el1:4.1 ' +
    'erxstatus_el1:4.2 erxaddr_el1:4.3 erxpfgf_el1:4.4 erxpfgctl_el1:4.5 erxpfgcdn_el1:4.6 ' +
    'erxmisc<0-3>_el1:5.0 tfsr_el1:6.0 tfsre0_el1:6.1',
  '3_0_c6': 'far_el1:0.0',
  '3_0_c7': 'par_el1:4.0',
  '3_0_c9': 'pmscr_el1:9.0 pmsnevfr_el1:9.1 pmsicr_el1:9.2 pmsirr_el1:9.3 pmsfcr_el1:9.4 pmsevfr_el1:9.5 ' +
    'pmslatfr_el1:9.6 pmsidr_el1:9.7 pmblimitr_el1:10.0 pmbptr_el1:10.1 pmbsr_el1:10.3 pmbidr_el1:10.7 ' +
    'trblimitr_el1:11.0 trbptr_el1:11.1 trbbaser_el1:11.2 trbsr_el1:11.3 trbmar_el1:11.4 trbtrg_el1:11.6 ' +
    'trbidr_el1:11.7 pmintenset_el1:14.1 pmintenclr_el1:14.2 pmmir_el1:14.6',
  '3_0_c10': 'mair_el1:2.0 amair_el1:3.0 lorsa_el1:4.0 lorea_el1:4.1 lorn_el1:4.2 lorc_el1:4.3 mpamidr_el1:4.4 ' +
    'lorid_el1:4.7 mpam1_el1:5.0 mpam0_el1:5.1 mpamsm_el1:5.3',
  '3_0_c12': 'vbar_el1:0.0 rvbar_el1:0.1 rmr_el1:0.2 isr_el1:1.0 disr_el1:1.1 icc_iar0_el1:8.0 icc_eoir0_el1:8.1 ' +
    'icc_hppir0_el1:8.2 icc_bpr0_el1:8.3 icc_ap0r<0-3>_el1:8.4 icc_ap1r<0-3>_el1:9.0 icc_nmiar1_el1:9.5 ' +
    'icc_dir_el1:11.1 icc_rpr_el1:11.3 icc_sgi1r_el1:11.5 icc_asgi1r_el1:11.6 icc_sgi0r_el1:11.7 ' +
    'icc_iar1_el1:12.0 icc_eoir1_el1:12.1 icc_hppir1_el1:12.2 icc_bpr1_el1:12.3 icc_ctlr_el1:12.4 ' +
    'icc_sre_el1:12.5 icc_igrpen0_el1:12.6 icc_igrpen1_el1:12.7',
  '3_0_c13': 'contextidr_el1:0.1 tpidr_el1:0.4 accdata_el1:0.5 scxtnum_el1:0.7',
  '3_0_c14': 'cntkctl_el1:1.0',
  '3_1_c0': 'ccsidr_el1:0.0 clidr_el1:0.1 ccsidr2_el1:0.2 gmid_el1:0.4 smidr_el1:0.6 aidr_el1:0.7',
  '3_2_c0': 'csselr_el1:0.0',
  '3_3_c0': 'ctr_el0:0.1 dczid_el0:0.7',
  '3_3_c2': 'rndr:4.0 rndrrs:4.1',
  '3_3_c4': 'nzcv:2.0 daif:2.1 svcr:2.2 dit:2.5 ssbs:2.6 tco:2.7 fpcr:4.0 fpsr:4.1 dspsr_el0:5.0 dlr_el0:5.1',
  '3_3_c9': 'pmcr_el0:12.0 pmcntenset_el0:12.1 pmcntenclr_el0:12.2 pmovsclr_el0:12.3 pmswinc_el0:12.4 ' +
    'pmselr_el0:12.5 pmceid0_el0:12.6 pmceid1_el0:12.7 pmccntr_el0:13.0 pmxevtyper_el0:13.1 ' +
    'pmxevcntr_el0:13.2 pmuserenr_el0:14.0 pmovsset_el0:14.3',
  '3_3_c13': 'tpidr_el0:0.2 tpidrro_el0:0.3 tpidr2_el0:0.5 scxtnum_el0:0.7 amcr_el0:2.0 amcfgr_el0:2.1 ' +
    'amcgcr_el0:2.2 amuserenr_el0:2.3 amcntenclr0_el0:2.4 amcntenset0_el0:2.5 amcg1idr_el0:2.6 ' +
    'amcntenclr1_el0:3.0 amcntenset1_el0:3.1 amevcntr00_el0:4.0 amevcntr01_el0:4.1 amevcntr02_el0:4.2 ' +
    'amevcntr03_el0:4.3 amevtyper00_el0:6.0 amevtyper01_el0:6.1 amevtyper02_el0:6.2 amevtyper03_el0:6.3 ' +
    'amevcntr1<0-15>_el0:12.0 amevtyper1<0-15>_el0:14.0',
  '3_3_c14': 'cntfrq_el0:0.0 cntpct_el0:0.1 cntvct_el0:0.2 cntpctss_el0:0.5 cntvctss_el0:0.6 cntp_tval_el0:2.0 ' +
    'cntp_ctl_el0:2.1 cntp_cval_el0:2.2 cntv_tval_el0:3.0 cntv_ctl_el0:3.1 cntv_cval_el0:3.2 ' +
    'pmevcntr<0-30>_el0:8.0 pmevtyper<0-30>_el0:12.0 pmccfiltr_el0:15.7',
  '3_4_c0': 'vpidr_el2:0.0 vmpidr_el2:0.5',
  '3_4_c1': 'sctlr_el2:0.0 actlr_el2:0.1 hcr_el2:1.0 mdcr_el2:1.1 cptr_el2:1.2 hstr_el2:1.3 hfgrtr_el2:1.4 ' +
    'hfgwtr_el2:1.5 hfgitr_el2:1.6 hacr_el2:1.7 zcr_el2:2.0 trfcr_el2:2.1 hcrx_el2:2.2 smprimap_el2:2.5 ' +
    'smcr_el2:2.6 sder32_el2:3.1',
  '3_4_c2': 'ttbr0_el2:0.0 ttbr1_el2:0.1 tcr_el2:0.2 vttbr_el2:1.0 vtcr_el2:1.2 vncr_el2:2.0 vsttbr_el2:6.0 ' +
    'vstcr_el2:6.2',
  '3_4_c3': 'dacr32_el2:0.0 hdfgrtr_el2:1.4 hdfgwtr_el2:1.5 hafgrtr_el2:1.6',
  '3_4_c4': 'spsr_el2:0.0 spsr_hyp:0.0 elr_el2:0.1 sp_el1:1.0 spsr_irq:3.0 spsr_abt:3.1 spsr_und:3.2 spsr_fiq:3.3',
  '3_4_c5': 'ifsr32_el2:0.1 afsr0_el2:1.0 afsr1_el2:1.1 esr_el2:2.0 vsesr_el2:2.3 fpexc32_el2:3.0 tfsr_el2:6.0',
  '3_4_c6': 'far_el2:0.0 hpfar_el2:0.4',
  '3_4_c9': 'pmscr_el2:9.0',
  '3_4_c10': 'mair_el2:2.0 amair_el2:3.0 mpamhcr_el2:4.0 mpamvpmv_el2:4.1 mpam2_el2:5.0 mpamvpm<0-7>_el2:6.0',
  '3_4_c12': 'vbar_el2:0.0 rvbar_el2:0.1 rmr_el2:0.2 vdisr_el2:1.1 ich_ap0r<0-3>_el2:8.0 ich_ap1r<0-3>_el2:9.0 ' +
    'icc_sre_el2:9.5 ich_hcr_el2:11.0 ich_vtr_el2:11.1 ich_misr_el2:11.2 ich_eisr_el2:11.3 ' +
    'ich_elrsr_el2:11.5 ich_vmcr_el2:11.7 ich_lr<0-15>_el2:12.0',
  '3_4_c13': 'contextidr_el2:0.1 tpidr_el2:0.2 scxtnum_el2:0.7 amevcntvoff00_el2:8.0 amevcntvoff01_el2:8.1 ' +
    'amevcntvoff02_el2:8.2 amevcntvoff03_el2:8.3 amevcntvoff04_el2:8.4 amevcntvoff05_el2:8.5 ' +
    'amevcntvoff06_el2:8.6 amevcntvoff07_el2:8.7 amevcntvoff08_el2:9.0 amevcntvoff09_el2:9.1 ' +
    'amevcntvoff010_el2:9.2 amevcntvoff011_el2:9.3 amevcntvoff012_el2:9.4 amevcntvoff013_el2:9.5 ' +
    'amevcntvoff014_el2:9.6 amevcntvoff015_el2:9.7 amevcntvoff1<0-15>_el2:10.0',
  '3_4_c14': 'cntvoff_el2:0.3 cntpoff_el2:0.6 cnthctl_el2:1.0 cnthp_tval_el2:2.0 cnthp_ctl_el2:2.1 ' +
    'cnthp_cval_el2:2.2 cnthv_tval_el2:3.0 cnthv_ctl_el2:3.1 cnthv_cval_el2:3.2 cnthvs_tval_el2:4.0 ' +
    'cnthvs_ctl_el2:4.1 cnthvs_cval_el2:4.2 cnthps_tval_el2:5.0 cnthps_ctl_el2:5.1 cnthps_cval_el2:5.2',
  '3_5_c1': 'sctlr_el12:0.0 cpacr_el12:0.2 zcr_el12:2.0 trfcr_el12:2.1 smcr_el12:2.6',
  '3_5_c2': 'ttbr0_el12:0.0 ttbr1_el12:0.1 tcr_el12:0.2',
  '3_5_c4': 'spsr_el12:0.0 elr_el12:0.1',
  '3_5_c5': 'afsr0_el12:1.0 afsr1_el12:1.1 esr_el12:2.0 tfsr_el12:6.0',
  '3_5_c6': 'far_el12:0.0',
  '3_5_c9': 'pmscr_el12:9.0',
  '3_5_c10': 'mair_el12:2.0 amair_el12:3.0 mpam1_el12:5.0',
  '3_5_c12': 'vbar_el12:0.0',
  '3_5_c13': 'contextidr_el12:0.1 scxtnum_el12:0.7',
  '3_5_c14': 'cntkctl_el12:1.0 cntp_tval_el02:2.0 cntp_ctl_el02:2.1 cntp_cval_el02:2.2 cntv_tval_el02:3.0 ' +
    'cntv_ctl_el02:3.1 cntv_cval_el02:3.2',
  '3_6_c1': 'sctlr_el3:0.0 actlr_el3:0.1 scr_el3:1.0 sder32_el3:1.1 cptr_el3:1.2 zcr_el3:2.0 smcr_el3:2.6 ' +
    'mdcr_el3:3.1',
  '3_6_c2': 'ttbr0_el3:0.0 tcr_el3:0.2 gptbr_el3:1.4 gpccr_el3:1.6',
  '3_6_c4': 'spsr_el3:0.0 elr_el3:0.1 sp_el2:1.0',
  '3_6_c5': 'afsr0_el3:1.0 afsr1_el3:1.1 esr_el3:2.0 tfsr_el3:6.0',
  '3_6_c6': 'far_el3:0.0 mfar_el3:0.5',
  '3_6_c10': 'mair_el3:2.0 amair_el3:3.0 mpam3_el3:5.0',
  '3_6_c12': 'vbar_el3:0.0 rvbar_el3:0.1 rmr_el3:0.2 icc_ctlr_el3:12.4 icc_sre_el3:12.5 icc_igrpen1_el3:12.7',
  '3_6_c13': 'tpidr_el3:0.2 scxtnum_el3:0.7',
  '3_7_c14': 'cntps_tval_el1:2.0 cntps_ctl_el1:2.1 cntps_cval_el1:2.2',
}

const parse = (): Map<string, number> => {
  const out = new Map<string, number>()
  for (const [group, entries] of Object.entries(GROUPS)) {
    const [op0, op1, crn] = group.split(/_c?/).map(Number)
    const high = (op0 << 19) | (op1 << 16) | (crn << 12)
    for (const entry of entries.split(' ')) {
      const [, name, crm, op2, step] = /^(.*):(\d+)\.(\d)(?:\+(\d+))?$/.exec(entry)!
      const low = (Number(crm) << 3) | Number(op2)
      const range = /<(\d+)-(\d+)>/.exec(name)
      const first = Number(range?.[1] ?? 0)
      const last = Number(range?.[2] ?? 0)
      for (let n = first; n <= last; n++) {
        const bits = low + (n - first) * Number(step ?? 1)
        out.set(range === null ? name : name.replace(range[0], String(n)), high | (bits << 5))
      }
    }
  }
  return out
}

/** Name (lower case) → op0:op1:CRn:CRm:op2 in place in MRS/MSR (register); op0's bit 1 is part of it. */
export const SYSTEM_REGISTERS: ReadonlyMap<string, number> = parse()
