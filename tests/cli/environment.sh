#!/bin/sh
# SPDX-License-Identifier: MIT
# Promise: a flag goes before the environment, and that before the default, for real stores too.
# shellcheck source=tests/lib/shell.sh
. "$(dirname "$0")/../lib/shell.sh"

cd "$work" || exit 1
export ARYAVARTH_DIR="$work/from-environment"
expect 0 set where environment
expect 0 set where flag --dir from-flag
expect 0 get where
printed 'environment'
expect 0 get where --dir=from-flag
printed 'flag'
check "the default was not used" [ ! -e data ]
ARYAVARTH_DIR=
expect 0 set where default
check "an empty variable is none" [ -d data/logs ]
unset ARYAVARTH_DIR
expect 0 get where
printed 'default'

export ARYAVARTH_MAX_VALUE_BYTES=none
expect 2 set k v
complained ARYAVARTH_MAX_VALUE_BYTES
expect 0 get where
ARYAVARTH_MAX_VALUE_BYTES=2
expect 2 set k abc
expect 0 set k ab
expect 0 set k abc --max-value-bytes 3
unset ARYAVARTH_MAX_VALUE_BYTES

export ARYAVARTH_LISTEN=0.0.0.0:0
expect 2 serve --dir data
complained 'insecure'
finish
