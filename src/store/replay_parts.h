/* SPDX-License-Identifier: MIT */
/* Which parts count, as a replay finds them: those that a present Set names, known once all is
 * read.
 *
 * Threads: open's; beside the loader, which retires Sets. */
#ifndef ARY_STORE_REPLAY_PARTS_H
#define ARY_STORE_REPLAY_PARTS_H

#include "store/replay.h"

/* LINE is a Part. CORRUPT: its upload has that part already. NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_replay_part(struct ary_replay *replay,
					       const struct ary_scan_line *line,
					       struct ary_error *err);

/* LINE is a Set that names parts; called before the loader has it.
 * CORRUPT: another Set names them. NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_replay_large(struct ary_replay *replay,
						const struct ary_scan_line *line,
						struct ary_error *err);

/* All is read, and the loader has ended: drops the parts that no present Set names.
 * CORRUPT: one names parts that are not there, or not all there are. */
ARY_MUST_CHECK enum ary_status ary_replay_parts_end(struct ary_replay *replay,
						    struct ary_error *err);

#endif
