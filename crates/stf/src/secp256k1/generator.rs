//! Multiples of the generator of secp256k1.

use crate::mulmod::Words;

/// Coordinates x and y of `(2 i + 1) G` at index `i`; `tests.rs` compares them with k256.
#[rustfmt::skip]
pub(super) const ODD_MULTIPLES: [[Words; 2]; 32] = [
    [
        [0x59f2_815b_16f8_1798, 0x029b_fcdb_2dce_28d9, 0x55a0_6295_ce87_0b07, 0x79be_667e_f9dc_bbac],
        [0x9c47_d08f_fb10_d4b8, 0xfd17_b448_a685_5419, 0x5da4_fbfc_0e11_08a8, 0x483a_da77_26a3_c465],
    ],
    [
        [0x8601_f113_bce0_36f9, 0xb531_c845_836f_99b0, 0x4934_4f85_f89d_5229, 0xf930_8a01_9258_c310],
        [0x6cb9_fd75_84b8_e672, 0x6500_a999_34c2_231b, 0x0fe3_37e6_2a37_f356, 0x388f_7b0f_632d_e814],
    ],
    [
        [0xcba8_d569_b240_efe4, 0xe88b_84bd_dc61_9ab7, 0x55b4_a725_0a5c_5128, 0x2f8b_de4d_1a07_2093],
        [0xdca8_7d3a_a6ac_62d6, 0xf788_271b_ab0d_6840, 0xd4db_a9dd_a6c9_c426, 0xd8ac_2226_36e5_e3d6],
    ],
    [
        [0xe92b_dded_cac4_f9bc, 0x3d41_9b7e_0330_e39c, 0xa398_f365_f2ea_7a0e, 0x5cbd_f064_6e5d_b4ea],
        [0xa508_2628_0872_64da, 0xa813_d0b8_13fd_e7b5, 0xa317_8d6d_861a_54db, 0x6aeb_ca40_ba25_5960],
    ],
    [
        [0xc35f_110d_fc27_ccbe, 0xe097_9697_4c57_e714, 0x09ad_178a_9f55_9abd, 0xacd4_84e2_f0c7_f653],
        [0x05cc_262a_c64f_9c37, 0xadd8_88a4_375f_8e0f, 0x6438_0971_763b_61e9, 0xcc33_8921_b0a7_d9fd],
    ],
    [
        [0xbbec_1789_5da0_08cb, 0x5649_980b_e5c1_7891, 0x5ef4_246b_70c6_5aac, 0x774a_e7f8_58a9_411e],
        [0x301d_74c9_c953_c61b, 0x372d_b1e2_dff9_d6a8, 0x0243_dd56_d7b7_b365, 0xd984_a032_eb6b_5e19],
    ],
    [
        [0xdeed_df8f_1940_5aa8, 0xb075_fbc6_610e_58cd, 0xc7d1_d205_c374_8651, 0xf287_73c2_d975_288b],
        [0x29b5_cb52_db03_ed81, 0x3a1a_06da_521f_a91f, 0x7582_12eb_65cd_af47, 0x0ab0_902e_8d88_0a89],
    ],
    [
        [0x44ad_bcf8_e27e_080e, 0x31e5_946f_3c85_f79e, 0x5a46_5ae3_095f_f411, 0xd792_4d4f_7d43_ea96],
        [0xc504_dc9f_f6a2_6b58, 0xea40_af2b_d896_d3a5, 0x8384_2ec2_28cc_6def, 0x581e_2872_a86c_72a6],
    ],
    [
        [0x66e4_faa0_4a2d_4a34, 0xeb98_98ae_79b9_7687, 0xa420_fee8_07ea_cf21, 0xdefd_ea4c_db67_7750],
        [0xcfb1_99f6_9e56_eb77, 0xced1_f4a0_4a95_c0f6, 0xe997_b0ea_d2a9_3dae, 0x4211_ab06_9463_5168],
    ],
    [
        [0x7475_6561_3838_5b6c, 0xf06a_cfeb_d7e8_6d27, 0x93ef_5cff_444f_4979, 0x2b4e_a0a7_97a4_43d2],
        [0xb570_c854_e5c0_9b7a, 0x1a01_f60c_5026_9763, 0xb343_083b_5a1c_8613, 0x85e8_9bc0_3794_5d93],
    ],
    [
        [0x8134_0aef_25be_59d5, 0x1d9a_d402_71f8_1071, 0x4f93_fa33_2ce3_3330, 0x352b_bf4a_4cdd_1256],
        [0x67bd_3d8b_cf81_998c, 0x4a1b_3b2e_71b1_039c, 0xd59c_1825_9dda_3e1f, 0x321e_b407_5348_f534],
    ],
    [
        [0xdc9c_dadd_4eca_cc3f, 0xe42a_b8df_eff5_ff29, 0x0230_0105_5987_9124, 0x2fa2_104d_6b38_d11b],
        [0x423b_a76b_532b_7d67, 0x181d_70ec_fc88_2648, 0xb645_6933_5bd5_dd80, 0x02de_1068_295d_d865],
    ],
    [
        [0x69ca_0cd7_f545_3714, 0x263c_3d84_e095_72e2, 0xab21_a9b0_66ed_da83, 0x9248_279b_09b4_d68d],
        [0xe54a_32ce_97cb_3402, 0x3fc0_de2a_8879_12ff, 0x5d1a_a71b_dea2_b1ff, 0x7301_6f7b_f234_aade],
    ],
    [
        [0x7e99_6d44_3dee_8729, 0x2f57_0e14_4bf6_15c0, 0x8e70_132f_b0be_b752, 0xdaed_4f2b_e3a8_bf27],
        [0xab40_e522_90be_1c55, 0x3f83_c230_f3af_a726, 0xd4a1_aca8_7ef8_d700, 0xa69d_ce4a_7d6c_98e8],
    ],
    [
        [0xe6a3_b5e8_7d22_e7db, 0x11ec_d9e9_fdf2_81b0, 0x8acf_28d7_cbb1_9f90, 0xc44d_12c7_065d_812e],
        [0xa039_063f_0e0e_6482, 0x0e10_6e86_1edf_61c5, 0x76c4_5926_c982_fdac, 0x2119_a460_ce32_6cdc],
    ],
    [
        [0xb61c_65cb_d269_e6b4, 0x152b_6953_36c2_8063, 0xc89a_20cf_ded6_0853, 0x6a24_5bf6_dc69_8504],
        [0xfd5e_6348_100d_8a82, 0x8b33_ba48_d042_3b6e, 0x8b3f_5126_f16a_24ad, 0xe022_cf42_c2bd_4a70],
    ],
    [
        [0xf95a_e57f_0d0b_d6a5, 0xce13_300b_0bec_1146, 0xc077_e3d2_fe54_1084, 0x1697_ffa6_fd9d_e627],
        [0xadee_9d63_d01b_2396, 0xa2cf_1500_9e49_8ae7, 0x2756_1506_e455_7433, 0xb9c3_98f1_8680_6f5d],
    ],
    [
        [0xf982_345e_f27a_7479, 0x9deb_8360_ffb7_f61d, 0x986d_0f07_e834_cb0d, 0x605b_db01_9981_718b],
        [0x3b01_e1e9_056b_8c49, 0xc26b_fae8_4fb1_4db4, 0x81a7_8d93_ec96_fe23, 0x0297_2d2d_e4f8_d206],
    ],
    [
        [0xfe31_c7e9_d87f_f33d, 0xdcb0_1c35_4959_b10c, 0x7402_fdc4_5a21_5e10, 0x62d1_4dab_4150_bf49],
        [0x35f5_6424_83b2_5eaf, 0x01aa_1329_67ab_4722, 0x9808_8a19_50ee_d0db, 0x80fc_06bd_8cc5_b010],
    ],
    [
        [0x5e55_5c2f_8630_8b6f, 0x2c50_e9f5_6b9b_8b42, 0xde5b_4b06_c408_e56b, 0x80c6_0ad0_040f_27da],
        [0x1aa0_1f56_430b_d57a, 0xa65e_ed4c_be70_24eb, 0x26e6_6bad_7fe7_2f70, 0x1c38_303f_1cc5_c30f],
    ],
    [
        [0x9d5e_abb0_fa03_c8fb, 0x4cc5_dc94_87d8_4704, 0xaa74_c634_8cc5_4d34, 0x7a93_75ad_6167_ad54],
        [0x02d4_99ec_224d_c7f7, 0xbdc5_9ea1_0c70_ce2b, 0x0955_9e0d_7926_9046, 0x0d0e_3fa9_eca8_7269],
    ],
    [
        [0x4bb5_1f45_9bc3_ffc9, 0xbb40_8ec3_9b68_df50, 0x907a_9ed0_4544_7a79, 0xd528_ecd9_b696_b54c],
        [0x0634_65b5_2140_9933, 0xbc43_4540_5c52_0dbc, 0x9966_f218_81fd_656e, 0xeecf_4125_3136_e5f9],
    ],
    [
        [0x8723_1808_f8b4_5963, 0x5266_115e_4a7e_cb13, 0xea25_f514_e8ec_dad0, 0x0493_70a4_b5f4_3412],
        [0xb653_052a_1294_9c9a, 0x54c3_f3af_bb5b_6764, 0x8b30_81b0_512f_d62a, 0x758f_3f41_afd6_ed42],
    ],
    [
        [0xf1c1_3eb1_fc34_5d74, 0x881d_811e_0e14_98e2, 0xd73d_f930_d647_02ef, 0x77f2_3093_6ee8_8cbb],
        [0xbe8e_b3c7_671c_60d6, 0x96c9_5330_d970_77cb, 0x0a08_266e_9ba1_b378, 0x958e_f42a_7886_b640],
    ],
    [
        [0xeb28_531b_7739_f530, 0x58c8_0074_ab9d_4dba, 0xea44_887e_5c7c_0bce, 0xf2da_c991_cc4c_e4b9],
        [0x1a11_7dba_703a_3c37, 0x9eb5_fbeb_0598_e4fd, 0x4da1_f32d_ec25_31df, 0xe0de_dc9b_3b2f_8dad],
    ],
    [
        [0xbcba_4850_c690_d45b, 0x5a21_6cdf_c9da_e3de, 0x1b4b_e8fb_be25_2012, 0x463b_3d9f_6626_21fb],
        [0x1cb3_77b0_1af7_307e, 0xc622_e27c_970a_1de3, 0x4311_4306_dd86_22d7, 0x5ed4_30d7_8c29_6c35],
    ],
    [
        [0xa324_96b4_9998_f247, 0x6b98_fac1_4328_a2d1, 0x0923_2d4a_ff3b_5997, 0xf16f_8042_44e4_6e2a],
        [0xd657_9962_c4e3_1df6, 0x2a6c_53c2_6e5c_ce26, 0x13d2_06fc_df4e_33d9, 0xceda_bd9b_8220_3f7e],
    ],
    [
        [0x369e_15f7_151d_41d1, 0x5d24_5315_ace2_7c65, 0xb035_2b7a_1431_1af5, 0xcaf7_5427_2dc8_4563],
        [0xc32f_9083_18a0_4476, 0x5f4f_a9b7_9622_32a5, 0xa41b_643f_a5e4_6057, 0xcb47_4660_ef35_f5f2],
    ],
    [
        [0x2449_7bc8_6f08_2120, 0x44a0_9c07_cb86_d7c1, 0xf85d_0f17_0997_9d8b, 0x2600_ca4b_282c_b986],
        [0x4b0b_e947_5a7e_4b40, 0x5ac6_be74_ab5f_0ef4, 0xa693_b03f_cddb_b45d, 0x4119_b887_53c1_5bd6],
    ],
    [
        [0xc602_a774_6998_e435, 0x01c4_8685_e24f_7dc8, 0x338e_c53c_d122_20bc, 0x7635_ca72_d7e8_432c],
        [0xd9e7_6f30_2c5b_9c61, 0x4ecf_c061_d570_48ba, 0x3d1d_5e59_0f78_e6d7, 0x091b_6496_0948_9d61],
    ],
    [
        [0xc1a5_0743_bf56_cc18, 0xb7f2_b334_79d4_68fb, 0xdbbf_4a87_deee_8a66, 0x754e_3239_f325_570c],
        [0x0c5d_9809_3c53_6683, 0x23ee_33d0_197a_695d, 0xb3cd_0ed3_04ea_49a0, 0x0673_fb86_e5bd_a30f],
    ],
    [
        [0x9fe2_6946_91d9_b9e8, 0x3308_0066_1d1c_952f, 0xff57_859c_82d5_70f0, 0xe3e6_bd10_71a1_e96a],
        [0x6700_2af4_920e_37f5, 0xa5a2_2839_93e9_0c41, 0x40c0_aa58_379a_3cb6, 0x59c9_e0bb_a394_e76f],
    ],
];

/// x of each multiple times the cube root of 1 that the endomorphism stands for: x of the multiple's product with `lambda`.
#[rustfmt::skip]
pub(super) const TURNED: [Words; 32] = [
    [0xa7bb_a044_00b8_8fcb, 0x8728_4406_7f15_e98d, 0xab01_02b6_9690_2325, 0xbcac_e2e9_9da0_1887],
    [0xf7f0_728c_7720_6b2f, 0x8af1_e022_c6dc_8e1c, 0x8dcd_8dcf_2a28_fa2f, 0xdf6e_df03_731f_9b4b],
    [0x138c_6946_95a8_3668, 0xa045_693e_e0d0_97cc, 0xf79f_54fb_ccb9_4671, 0x337b_52e3_acda_49df],
    [0x3bc4_686e_4e53_bc94, 0x0d3b_20e2_0faf_7aaa, 0xa4fe_c4d1_c095_c06e, 0x13f2_6e75_4bea_0b77],
    [0x20cd_912e_6595_3a52, 0xb565_cdf5_ef6d_44e1, 0x7b65_58af_ec58_ab20, 0x87b4_0403_7e44_e819],
    [0xc5ff_4334_bb20_9ce7, 0x7985_9bb7_0b5f_f620, 0x8d89_7c41_bebf_1a26, 0x51f4_d3d1_171d_ac1d],
    [0x60aa_ee6a_475f_b678, 0x3290_7ed7_4a3d_0562, 0x0704_6c45_78fc_783b, 0xf14d_5837_4bb8_90a2],
    [0x3ac0_a40c_71b1_b3b4, 0x05cc_3bc9_c1c0_a639, 0x0e1b_4825_512b_6948, 0x805f_1105_f5f9_454a],
    [0xc640_b26a_f643_3cc9, 0x5cd5_8547_a675_4102, 0xdd08_754c_c898_6867, 0xc2e9_5843_a1f1_10e2],
    [0x5d2e_b914_2ed7_6769, 0x57ba_fb25_d78e_eb1c, 0x3272_082d_bfc4_5cc5, 0x54f5_1a8f_5a6b_b0f6],
    [0x2fde_aab0_69cb_bc35, 0x592b_c884_809f_2969, 0xa63d_667a_0a20_4325, 0x680e_b70f_9b7e_452e],
    [0xb670_4dce_7889_30fc, 0x47c5_360f_34a0_9b26, 0xcfe1_62a0_3aed_4da4, 0xbae0_440b_1659_bc6e],
    [0x8d75_8e87_ef31_95be, 0xe15b_71f6_8400_aa85, 0x1f74_97e0_301d_395f, 0xf755_4ece_5468_c831],
    [0x837a_2dfe_f61b_7229, 0x5463_22c6_1318_a794, 0x1d6d_435f_1ac7_6911, 0x8ca9_80cf_e497_be98],
    [0xc5c5_6571_d53b_a020, 0x1b9c_0525_119b_d70c, 0x188c_807e_0658_f9eb, 0xe485_90b3_73b3_1775],
    [0x8f80_22a6_afac_1b9b, 0x20ba_5001_5945_eb46, 0xe84d_2751_83b1_9a3a, 0xe603_4c74_dae5_27c2],
    [0x4457_db1d_ae44_e551, 0x1fa0_e628_e067_4325, 0x7317_5272_408c_8fa1, 0xd3ea_4060_7daa_b599],
    [0xb588_8b9a_7429_b03f, 0xa473_aa2f_5494_174b, 0x6851_dcdf_234e_9878, 0x7ff6_966b_4f8f_79e9],
    [0xeb07_0ef4_045c_fcb3, 0xd1ac_c036_018d_2aad, 0x554c_e32c_94e4_ec59, 0xab88_0849_ed4c_54af],
    [0xef4e_add8_3e1f_51a1, 0x3aa6_95ac_94af_5f75, 0xfaa5_81fb_a9fc_cfdf, 0x148d_9eee_8fa9_6dbd],
    [0x30e6_211e_6a19_f543, 0xc7b2_def8_3c35_304c, 0x6bc8_823e_fdba_68ba, 0xc501_1eac_b876_9193],
    [0x60bb_6fa3_3b5e_25e7, 0x3fa2_2df8_ec82_3ea9, 0x89eb_86d5_4a9b_d852, 0xe9c9_d489_f658_169b],
    [0x06ba_66db_4351_973d, 0xb9af_414e_eeb1_662d, 0x4abe_8c11_9f6c_352e, 0x5e51_873a_71eb_0aa7],
    [0x575e_3121_3032_3cac, 0xe26f_62cd_10a2_ed1d, 0x0cf2_d3ea_4dce_1c4f, 0xa0a5_df60_c8a8_1c44],
    [0xa9b4_c1e6_6d08_65ee, 0xd686_31e9_18ec_3d0d, 0x8cce_3ff1_a1c0_ba81, 0x88bf_8290_7965_eff5],
    [0xdb2e_b2c6_a615_1ccd, 0x2ee4_9dc8_f412_0947, 0xa273_c509_461c_8f85, 0xd3d8_9800_9f38_f50e],
    [0xf8e4_228d_bb64_3650, 0xe618_bd70_8c9c_dda6, 0xe68c_6222_c186_e54d, 0xaaaa_6ea8_422e_ad4a],
    [0xd418_82a1_14a4_f300, 0xb7f5_5b54_9550_5fa9, 0x783f_1d5b_e329_e931, 0x9bdf_1191_c50b_7cf2],
    [0x0abd_2206_0cb6_5103, 0xe3d8_d792_4d3f_70f9, 0x77df_55e4_3b92_2921, 0x6c89_c339_1cfc_ff60],
    [0x7b55_a11e_d0e6_c1cf, 0xc139_c7ab_67d3_78fa, 0x361b_af7a_a5cf_654a, 0xfb81_bec0_0632_ec3a],
    [0x0d76_9207_101c_2518, 0xf6cd_ff78_fd8b_3e68, 0x6228_149a_d347_db19, 0xbe02_db96_26dd_c9f5],
    [0xc17b_586f_6bae_ef76, 0xaf72_1aa9_a550_463e, 0x1756_3587_0889_d21d, 0x87bd_9a8f_1c28_c565],
];
