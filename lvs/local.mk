# lvs: the model of IPVS, its difference, the kernel backend, lvsadm.
noinst_LIBRARIES += liblvs.a
liblvs_a_SOURCES = \
	lvs/ipvs.c lvs/ipvs.h lvs/ipvs_ops.c lvs/ipvs_diff.c lvs/ipvs_diff.h \
	lvs/ipvs_nl.c lvs/ipvs_nl.h lvs/ipvs_nl_msg.c lvs/ipvs_nl_msg.h
