# SPDX-License-Identifier: MIT
# Written by build-aux/sources; run that after adding, moving or removing a file.
doc_files = \
	CHANGELOG.md \
	LICENSE \
	README.md \
	docs/ARCHITECTURE.md \
	docs/FORMAT.md \
	docs/STYLE.md \
	docs/TESTING.md \
	openapi/aryavarth.yaml
plain_files = \
	.ci/run \
	.clang-format \
	.clang-tidy \
	.dockerignore \
	.editorconfig \
	.gitignore \
	Dockerfile \
	build-aux/FLOORS \
	build-aux/embed \
	build-aux/sources \
	build-aux/tidy \
	build-aux/tidy-text.awk \
	build-aux/tidy.awk \
	docker/check \
	docker/compose.yaml \
	script/bootstrap \
	script/lib.sh \
	script/server \
	script/test
test_files = \
	tests/cli/bytes.sh \
	tests/cli/compact.sh \
	tests/cli/contract.sh \
	tests/cli/damage.sh \
	tests/cli/environment.sh \
	tests/cli/full.sh \
	tests/cli/help.sh \
	tests/cli/list.sh \
	tests/cli/lock.sh \
	tests/cli/output.sh \
	tests/cli/readme.sh \
	tests/cli/serve.sh \
	tests/cli/strace_order.sh \
	tests/lib/shell.sh \
	tests/tidy_test.sh \
	tests/unit/index/index_support.h
