# SPDX-License-Identifier: MIT
# Written by build-aux/sources; run that after adding, moving or removing a file.
doc_files = \
	CHANGELOG.md \
	LICENSE \
	docs/FORMAT.md \
	docs/STYLE.md
plain_files = \
	.clang-format \
	.clang-tidy \
	.dockerignore \
	.editorconfig \
	.gitignore \
	build-aux/FLOORS \
	build-aux/embed \
	build-aux/sources \
	build-aux/tidy \
	build-aux/tidy-text.awk \
	build-aux/tidy.awk
test_files = \
	tests/tidy_test.sh
