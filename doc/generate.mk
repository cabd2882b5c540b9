# What is made from the keyword tables and from the help of the programs. It is part of a release: a cross build runs
# none of its own programs. The programs are order-only, for their time does not count, that of the tables does.
noinst_PROGRAMS += director/conf_gen
director_conf_gen_SOURCES = director/conf_gen.c
director_conf_gen_LDADD = $(CONF_LDADD)

CONF_TABLES = $(libconf_a_SOURCES) lib/global_conf.c director/conf_gen.c
COMPLETIONS = doc/completion/diarch doc/completion/diarchctl doc/completion/lvsadm

dist_man_MANS += doc/diarch.conf.5
bashcompletiondir = $(datadir)/bash-completion/completions
dist_bashcompletion_DATA = $(COMPLETIONS)
vimsyntaxdir = $(datadir)/vim/vimfiles/syntax
dist_vimsyntax_DATA = doc/vim/diarch.vim
dist_noinst_DATA = test/fuzz/conf.dict
EXTRA_DIST += doc/diarch.conf.5.in doc/completion.awk doc/vim.awk
MAINTAINERCLEANFILES = doc/diarch.conf.5 $(COMPLETIONS) doc/vim/diarch.vim test/fuzz/conf.dict

doc/diarch.conf.5: doc/diarch.conf.5.in lib/conf_man.c $(CONF_TABLES) | director/conf_gen$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) doc
	$(AM_V_at)director/conf_gen$(EXEEXT) man $(srcdir)/doc/diarch.conf.5.in >$@-t
	$(AM_V_at)mv $@-t $@

doc/vim/diarch.vim: doc/vim.awk $(CONF_TABLES) | director/conf_gen$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) doc/vim
	$(AM_V_at)director/conf_gen$(EXEEXT) words >$@-w
	$(AM_V_at)LC_ALL=C $(AWK) -f $(srcdir)/doc/vim.awk $@-w >$@-t
	$(AM_V_at)rm $@-w && mv $@-t $@

test/fuzz/conf.dict: $(CONF_TABLES) | director/conf_gen$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) test/fuzz
	$(AM_V_at)director/conf_gen$(EXEEXT) words >$@-w
	$(AM_V_at)$(AWK) '{ print "\"" $$2 "\"" }' $@-w | LC_ALL=C sort -u >$@-t
	$(AM_V_at)rm $@-w && mv $@-t $@

doc/completion/diarch: doc/completion.awk director/cmdline.c | diarch$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) doc/completion
	$(AM_V_at)./diarch$(EXEEXT) --help >$@-h
	$(AM_V_at)$(AWK) -v program=diarch -f $(srcdir)/doc/completion.awk $@-h >$@-t
	$(AM_V_at)rm $@-h && mv $@-t $@

doc/completion/diarchctl: doc/completion.awk director/diarchctl.c | diarchctl$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) doc/completion
	$(AM_V_at)./diarchctl$(EXEEXT) --help >$@-h
	$(AM_V_at)$(AWK) -v program=diarchctl -f $(srcdir)/doc/completion.awk $@-h >$@-t
	$(AM_V_at)rm $@-h && mv $@-t $@

doc/completion/lvsadm: doc/completion.awk lvs/lvsadm_opt.c | lvsadm$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) doc/completion
	$(AM_V_at)./lvsadm$(EXEEXT) --help >$@-h
	$(AM_V_at)$(AWK) -v program=lvsadm -f $(srcdir)/doc/completion.awk $@-h >$@-t
	$(AM_V_at)rm $@-h && mv $@-t $@
