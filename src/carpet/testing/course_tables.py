"""The demonstration trial as tables: who is scanned when, what lymphoma is there on each scan, what a reader measures on CT and reads.

One line a patient, a lesion or a reading; `TT=60@14` is 60 mL of SUVbw 14 on the scan TT, a scan that is not named shows no such lesion.
"""

from __future__ import annotations

# patient, what its course shows, then the scans: name and day from infusion. X lies outside every window. The words after a slash say
# what is wrong with a scan: no_dose (its headers lack the injected dose), other_scanner (made on the other scanner).
SCANS = """
P01 complete_response                     TT-6 M1+29 M3+92
P02 complete_response_with_residual_mass  TT-7 M1+28 M3+90
P03 late_conversion_from_partial          TT-5 M1+30 M3+91 M6+183
P04 late_conversion_from_stable           TT-6 M1+29 M3+91 M6+180
P05 early_progression                     TD-38 TT-6 M1+28
P06 early_progression_new_lesion          TD-41 TT-8 M1+30 M3+82
P07 relapse_at_six_months                 TT-5 M1+30 M3+90 M6+181
P08 pseudoprogression                     TT-6 D7+5 M1+29 M3+89
P09 pet_and_ct_disagree                   TT-7 M1+31 M3+90
P10 refused_scan                          TD-36 TT-6 M1+28/no_dose M3+92
P11 scan_missing                          TT-6 M3+88
P12 scan_outside_windows                  TT-9 X+58 M3+95
P13 reconstruction_changed                TT-6 M1+29 M3+90/other_scanner
P14 baseline_before_bridging              TD-38 M1+28 M3+91
P15 growth_over_bridging                  TD-36 TT-7 M1+29 M3+92
P16 spleen_involved                       TT-6 M1+30 M3+90
P17 extranodal                            TD-40 TT-6 M1+28 M3+89
P18 deauville_four_that_stays             TT-7 M1+29 M3+90 M6+180
P19 deauville_five                        TD-36 TT-6 M1+27 M3+90
P20 two_readers                           TT-6 M1+30 M3+91
P21 pet_only                              TT-7 M1+29 M12+364
P22 uptake_without_growth                 TT-6 M1+28 M3+90
P23 symmetric_hilar_nodes                 TT-6 M1+29 M3+91
P24 minor_response                        TD-37 TT-5 M1+30 M3+91
P25 pet_only_relapse                      TT-6 M1+28 M3+92
P26 slow_response_of_bulk                 TD-41 TT-7 M1+29 M3+90 M6+185 M12+366
"""

# patient, lesion, site, then volume in mL @ SUVbw. Below 4 it is no candidate region: 0.7 is a mass that takes up as muscle does; 1.4 lies
# below the blood pool (1.6), 2.2 between it and the liver (2.7), 3.4 above the liver. From 4 on, less than 3 mL is a remnant.
LESIONS = """
P01 a mediastinal       TT=45@14
P01 b axillary          TT=12@9
P02 a mesenteric        TT=50@16 M1=22@0.7 M3=18@0.7
P03 a iliac             TT=45@15 M1=20@4.8 M3=9@0.7 M6=3@0.7
P03 b para-aortic       TT=15@11
P04 a axillary          TT=30@10 M1=28@9 M3=12@4.8
P04 b supraclavicular   TT=12@8 M1=12@8
P05 a mesenteric        TD=40@13 TT=80@15 M1=130@22
P05 b liver             TD=10@8 TT=20@10 M1=40@15
P05 c soft_tissue       TD=8@10 TT=15@12 M1=30@14
P05 d inguinal          M1=10@12
P06 a mediastinal       TD=45@10 TT=85@12 M1=45@4.9 M3=60@9
P06 b para-aortic       M1=10@9 M3=25@12
P06 c lung              TD=6@8 TT=12@9
P06 d femur             TD=6@8 TT=10@9
P07 a supraclavicular   TT=14@13
P07 b para-aortic       TT=25@11 M6=16@12
P07 c liver             M6=18@14
P08 a axillary          TT=30@10 D7=52@15 M1=14@4.8
P09 a mediastinal       TT=18@13 M1=34@0.7 M3=4@0.7
P10 a inguinal          TD=30@13 TT=20@12 M1=8@4.8
P10 b iliac             TD=24@10 TT=15@9
P11 a axillary          TT=25@9 M3=2@1.4
P11 b mediastinal       TT=15@12
P12 a para-aortic       TT=22@12 X=1.2@9
P13 a iliac             TT=40@14 M1=16@4.8 M3=15@4.8
P13 b lung              TT=8@9
P13 c femur             TT=8@9
P14 a mediastinal       TD=30@12
P14 b hilar             TD=10@9
P15 a para-aortic       TD=20@9 TT=40@12 M1=18@4.8 M3=50@13
P15 b axillary          TD=10@8 TT=14@9
P15 c lung              TD=5@8 TT=6@9
P15 d femur             TD=5@8 TT=6@9
P16 s spleen_diffuse    TT=0@7
P16 a para-aortic       TT=20@12
P17 a liver             TD=30@10 TT=60@12 M1=28@4.8 M3=85@17
P17 b lung              TD=10@9 TT=20@11 M3=15@13
P17 c vertebra          TD=5@9 TT=8@11
P17 d femur             M3=10@13
P18 a para-aortic       TT=30@9 M1=16@4.8 M3=15@4.8 M6=14@4.8
P18 b lung              TT=8@8
P18 c femur             TT=8@8
P19 a mesenteric        TD=70@12 TT=110@14 M1=55@8 M3=120@20
P19 b soft_tissue       TD=6@8 TT=10@9
P19 c lung              TD=6@8 TT=10@9
P20 a mediastinal       TT=35@12 M1=9@2.2
P21 a supraclavicular   TT=10@12 M1=5@3.4
P21 b axillary          TT=15@9
P21 c hilar             TT=8@10
P22 a iliac             TT=30@9 M1=30@13
P23 a axillary          TT=20@11
P23 b hilar_left        M3=9@7
P23 c hilar_right       M3=9@7
P24 a inguinal          TD=25@9 TT=25@9 M1=20@7.5 M3=38@10
P24 b iliac             TD=40@8 TT=45@8 M1=38@7 M3=40@8
P24 c lung              TD=8@8 TT=12@8
P24 d femur             TD=8@8 TT=10@8
P25 a mediastinal       TT=35@10
P25 b iliac             TT=20@9 M3=20@9
P26 a mesenteric        TD=150@18 TT=110@18 M1=60@8 M3=38@4.8 M6=30@4.8 M12=25@0.7
P26 b mediastinal       TD=80@14 TT=60@14 M1=30@6 M3=11@0.7 M6=7@0.7 M12=4@0.7
"""

# patient, lesion, kind, target or other, then LDi x SDi in mm (a spleen: its length); gone, new:LDixSDi. Patients without a line: no CT.
CT = """
P01 a node target TT=50x46 M1=22x16 M3=14x10
P01 b node target TT=30x25 M1=12x9 M3=10x8
P02 a node target TT=48x44 M1=35x29 M3=33x28
P03 a node target TT=44x40 M1=33x28 M3=24x18 M6=15x12
P03 b node target TT=30x26 M1=14x10 M3=10x8 M6=9x7
P04 a node target TT=40x36 M1=38x35 M3=28x24 M6=13x10
P04 b node target TT=28x26 M1=28x25 M3=14x12 M6=11x9
P05 a node target TT=56x50 M1=66x60
P05 b extranodal target TT=35x32 M1=44x40
P05 c extranodal target TT=32x28 M1=42x38
P05 d node other M1=new:26x22
P06 a node target TT=56x50 M1=43x38 M3=50x46
P06 b node other M1=new:27x24 M3=37x34
P07 a node target TT=30x27 M1=14x11 M3=12x9 M6=12x9
P07 b node target TT=37x34 M1=15x12 M3=13x10 M6=32x28
P07 c extranodal other M6=new:33x30
P08 a node target TT=40x36 D7=50x44 M1=27x24 M3=13x10
P09 a node target TT=32x28 M1=42x37 M3=20x15
P10 a node target TT=34x31 M1=24x20 M3=14x10
P10 b node target TT=31x28 M1=18x14 M3=12x9
P11 a node target TT=37x33 M3=14x11
P11 b node target TT=31x27 M3=13x10
P12 a node target TT=35x31 M3=13x11
P13 a node target TT=42x38 M1=29x26 M3=28x23
P14 a node target TD=40x35 M1=20x15 M3=14x11
P14 b node target TD=27x23 M1=12x9 M3=11x8
P15 a node target TT=43x39 M1=31x27 M3=47x42
P15 b node target TT=30x27 M1=12x10 M3=11x9
P16 s spleen other TT=165 M1=140 M3=126
P16 a node target TT=34x30 M1=14x11 M3=12x9
P17 a extranodal target TT=50x46 M1=36x32 M3=56x50
P17 b extranodal target TT=34x30 M1=10x8 M3=31x27
P17 c extranodal other TT=25x22 M1=gone M3=gone
P17 d extranodal other M3=new:27x24
P18 a node target TT=39x36 M1=26x24 M3=26x23 M6=25x23
P19 a node target TT=60x54 M1=46x40 M3=63x56
P19 b extranodal target TT=27x24 M1=gone M3=gone
P20 a node target TT=41x37 M1=26x22 M3=14x11
P22 a node target TT=39x35 M1=39x36 M3=14x11
P23 a node target TT=34x31 M1=13x10 M3=12x9
P24 a node target TT=37x33 M1=31x28 M3=45x38
P24 b node target TT=44x40 M1=38x34 M3=39x35
P26 a node target TT=62x56 M1=48x44 M3=42x38 M6=38x34 M12=34x30
P26 b node target TT=49x44 M1=36x32 M3=28x24 M6=24x20 M12=20x16
"""

# patient, scan, reader, Deauville score, new lesions, response by PET, response by CT (- where the reader says nothing), then a remark
READINGS = """
P01 M1 Dr_A 1 no CMR -
P01 M3 Dr_A 1 no CMR CR
P02 M1 Dr_A 2 no CMR - residual mass without uptake
P07 M6 Dr_B 5 yes PMD PD biopsy: CD19 negative
P08 D7 Dr_A 5 no - - day 5, swollen and tender axilla
P09 M1 Dr_B 2 no CMR PD larger without uptake
P20 M1 Dr_A 3 no CMR -
P20 M1 Dr_B 4 no PMR -
P20 M3 Dr_A 2 no CMR -
P20 M3 Dr_B 2 no CMR -
P23 M3 Dr_A 1 no CMR - symmetric hilar nodes, sarcoid-like
"""

# patient, site, sex, age, weight kg, height cm, lymphoma, product, bridging, stage, ECOG, extranodal sites, lines before, day of
# enrolment, days of progression, new therapy, death and last contact (- where there was none), cause of death
PATIENTS = """
P01 A M 61 82 178 DLBCL axi-cel  no  III 1 0 2 -34 -   -   -   540 -
P02 B F 55 66 165 PMBCL axi-cel  no  II  0 0 2 -36 -   -   -   430 -
P03 A F 47 71 168 DLBCL axi-cel  no  III 1 0 3 -33 -   -   -   400 -
P04 A M 68 88 181 tFL   liso-cel no  III 0 0 2 -35 -   -   -   390 -
P05 A F 64 70 166 DLBCL axi-cel  yes IV  2 2 4 -40 28  40  75  -   lymphoma
P06 B M 58 79 175 DLBCL tisa-cel yes IV  1 2 3 -45 30  84  210 -   lymphoma
P07 A M 52 85 183 DLBCL axi-cel  no  III 0 0 2 -31 181 195 -   380 -
P08 A F 39 62 170 PMBCL axi-cel  no  I   0 0 2 -33 -   -   -   300 -
P09 B M 33 76 180 PMBCL axi-cel  no  I   1 0 3 -35 -   -   -   365 -
P10 A F 71 68 162 DLBCL liso-cel yes II  1 0 2 -38 -   -   -   500 -
P11 B M 66 90 177 tFL   tisa-cel no  III 0 0 4 -36 -   -   -   330 -
P12 A F 59 74 169 DLBCL axi-cel  no  I   0 0 2 -34 -   -   -   250 -
P13 A M 62 80 176 DLBCL liso-cel no  IV  1 2 2 -37 -   -   -   150 -
P14 B F 57 64 163 DLBCL axi-cel  yes II  0 0 3 -41 -   -   -   460 -
P15 A M 70 84 179 tFL   tisa-cel yes IV  1 2 3 -39 92  100 -   260 -
P16 A F 63 69 167 MCL   brexu-cel no III 1 0 4 -36 240 252 -   410 -
P17 B M 67 77 174 DLBCL axi-cel  yes IV  2 3 3 -42 89  -   160 -   lymphoma
P18 A F 54 73 171 DLBCL axi-cel  no  IV  0 2 2 -33 -   -   -   350 -
P19 A M 60 86 180 DLBCL liso-cel yes IV  1 2 2 -38 90  102 240 -   lymphoma
P20 B F 45 67 168 DLBCL axi-cel  no  I   0 0 2 -35 -   -   -   310 -
P21 A M 73 81 173 tFL   tisa-cel no  III 1 0 3 -37 -   -   -   520 -
P22 A F 50 65 164 DLBCL axi-cel  no  I   0 0 2 -34 -   -   -   280 -
P23 B M 65 83 178 DLBCL liso-cel no  I   1 0 2 -36 -   -   300 -   infection
P24 A M 56 78 176 DLBCL axi-cel  yes IV  1 2 3 -39 91  99  -   330 -
P25 B F 69 72 165 DLBCL tisa-cel no  III 1 0 4 -35 92  110 -   300 -
P26 A M 48 87 182 DLBCL axi-cel  yes III 1 0 2 -43 400 412 -   420 -
"""
