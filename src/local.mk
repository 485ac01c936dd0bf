# SPDX-License-Identifier: MIT
# The floors, each a static archive, and the program on top of them.
include %D%/sources.mk

noinst_LIBRARIES += libary_base.a libary_env.a libary_format.a libary_segment.a libary_index.a \
	libary_store.a libary_replica.a libary_api.a libary_http.a libary_app.a

libary_base_a_SOURCES = $(base_sources)
libary_env_a_SOURCES = $(env_sources)
libary_format_a_SOURCES = $(format_sources)
libary_segment_a_SOURCES = $(segment_sources)
libary_index_a_SOURCES = $(index_sources)
libary_store_a_SOURCES = $(store_sources)
libary_replica_a_SOURCES = $(replica_sources)
libary_api_a_SOURCES = $(api_sources)
nodist_libary_api_a_SOURCES = %D%/api/embedded.c
libary_http_a_SOURCES = $(http_sources)
libary_app_a_SOURCES = $(app_sources)

# What a program that stands on a floor links: that floor and those below, the highest first,
# as a static linker resolves forwards only. A call upwards is an undefined reference.
upto_base = libary_base.a $(NETTLE_LIBS) $(XXHASH_LIBS) $(ZLIB_LIBS)
upto_env = libary_env.a $(upto_base)
upto_format = libary_format.a $(upto_env) $(JANSSON_LIBS)
upto_segment = libary_segment.a $(upto_format)
upto_index = libary_index.a $(upto_segment)
upto_store = libary_store.a $(upto_index)
upto_replica = libary_replica.a $(upto_store)
upto_api = libary_api.a $(upto_replica)
upto_http = libary_http.a $(upto_api) $(MICROHTTPD_LIBS)
upto_app = libary_app.a $(upto_http) $(CURL_LIBS)

bin_PROGRAMS += aryavarth
aryavarth_SOURCES = %D%/app/main.c
aryavarth_LDADD = $(upto_app)

# The REST contract, and the pages that show it, travel inside the program.
embedded_files = $(top_srcdir)/openapi/aryavarth.yaml $(top_srcdir)/openapi/aryavarth.json \
	$(top_srcdir)/openapi/docs.html $(top_srcdir)/openapi/pages/root.html \
	$(top_srcdir)/openapi/pages/root.txt $(top_srcdir)/openapi/pages/style.css
embedded_names = ary_openapi_yaml ary_openapi_json ary_docs_html ary_root_html ary_root_text \
	ary_style_css
BUILT_SOURCES += %D%/api/embedded.c
CLEANFILES += %D%/api/embedded.c
%D%/api/embedded.c: $(embedded_files) $(top_srcdir)/build-aux/embed
	$(AM_V_GEN)$(MKDIR_P) %D%/api && \
	$(SHELL) $(top_srcdir)/build-aux/embed api/embedded.h $(embedded_names) -- \
		$(embedded_files) >$@.tmp && mv $@.tmp $@

# The manual page is the program's own table of options; a program for another machine cannot
# be asked.
if !CROSS_COMPILING
nodist_man_MANS += aryavarth.1
CLEANFILES += aryavarth.1
aryavarth.1: aryavarth$(EXEEXT)
	$(AM_V_GEN)./aryavarth$(EXEEXT) help --man >$@.tmp && mv $@.tmp $@
endif
