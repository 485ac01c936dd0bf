/* SPDX-License-Identifier: MIT */
/* One request and its response, without sockets: what http hands to api and gets back.
 *
 * Life: http fills `request`, calls ary_api_admit; appends the body to `body`, and where that gets
 * too long for one piece, ary_api_pass; ary_api_begin; and, if that parks,
 * ary_api_launch, and after `wake` ary_api_finish, which may park it again. See api.h.
 * Threads: one at a time; `wake` is the hand-over. */
#ifndef ARY_API_CALL_H
#define ARY_API_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "api/field.h"
#include "base/bytes.h"
#include "base/sha2.h"
#include "store/store.h"

struct ary_call;
struct ary_api;
struct ary_request_ids;

/* The head of a request. Everything borrows until the call ends. */
struct ary_request {
	struct ary_bytes method;     /* as sent; methods are case-sensitive */
	struct ary_bytes target;     /* raw request target, query included */
	const struct ary_field *fields;
	size_t field_count;
	bool has_body;               /* a Content-Length above 0, or chunked */
	bool has_length;
	uint64_t length;             /* Content-Length */
};

/* How many a response may have, and how many more when it has metadata. */
enum { ARY_RESPONSE_FIELDS_MAX = 24, ARY_RESPONSE_MORE_MAX = 64 };

enum { ARY_MADE_ID_BYTES_MAX = 37 }; /* of a request's id that was made here */

/* A response header. Its name and value are literals, or lie in the response's `text`. */
struct ary_response_field {
	const char *name;            /* NULL: it lies at the offset, and the value behind it */
	const char *constant;        /* the value, or NULL */
	size_t offset;
};

/* A response. The body is either borrowed for ever (`body` of a literal), or belongs to the
 * response: to `owned` or to `value`, which http takes over with the response. Where `value` is
 * large, `body` has its size and no bytes: http reads them, a part at a time, while it sends.
 * The answer to a HEAD holds the body that a GET would get, and a 304 may hold the value's: http
 * sends its size and not its bytes. A 204 has no body. */
struct ary_response {
	unsigned status;             /* 0: none yet */
	size_t field_count;
	struct ary_buf text;         /* header values that were made, each with a terminator */
	struct ary_response_field *more; /* owned: the headers that are too many for `fields` */
	struct ary_bytes body;
	struct ary_buf owned;        /* holds `body`, when we composed it */
	struct ary_value value;      /* holds `body`, when it is a stored value */
	bool has_value;
	uint64_t body_offset;        /* of a large value: where in it `body` begins */
	uint64_t value_seq;          /* not 0: the same answer for all who GET this value */
	uint64_t value_time_ms;      /* of that value; no such answer may be sent before */
	bool is_kept;                /* http has that answer, and this is a stand-in for it */
	bool close;                  /* the connection must not be used again */
	bool incomplete;             /* private: memory ran out while it was composed */
	struct ary_response_field fields[ARY_RESPONSE_FIELDS_MAX]; /* last: see its release */
};

/* The methods that HTTP itself defines, in the order in which `Allow` names them. */
enum ary_method {
	ARY_GET,
	ARY_HEAD,
	ARY_PUT,
	ARY_POST,
	ARY_DELETE,
	ARY_OPTIONS,
	ARY_PATCH,
	ARY_TRACE,
	ARY_CONNECT,
	ARY_METHOD_COUNT, /* also: a method that is none of these */
};

struct ary_route;
struct ary_action;
struct ary_counting;
struct ary_removal;
struct ary_pieces;

struct ary_call {
	struct ary_request request;
	bool is_surplus;             /* the connection is one too many: only probes are answered */
	struct ary_buf body;         /* appended by http */
	uint64_t body_bytes_max;     /* set before all else; of all pieces */
	/* Set by admit: a longer body is passed on in pieces of so many bytes, see ary_api_pass;
	 * 0: none is. */
	uint64_t piece_bytes;

	void *host;                  /* set by http, for itself */
	/* Set by api with PARK: the call waits for nothing but a commit, and nothing of `request`
	 * is looked at before the wake, so that the connection may end meanwhile. */
	bool is_brief;
	/* Set by http, or NULL: looks for the answer that it has kept to a plain GET of the value
	 * with SEQ, if that may be sent at NOW_MS. Called by begin only. */
	bool (*find_kept)(struct ary_call *call, uint64_t seq, uint64_t now_ms);
	/* Set by http before launch; called exactly once for each launch, on any thread. */
	void (*wake)(struct ary_call *call);

	/* Private to api, but that http looks at the method and the tail once it is admitted. */
	struct ary_request_ids *request_ids; /* borrowed */
	uint64_t begun_ns;           /* when it was admitted; 0: it is not measured */
	struct ary_write_timing write_timing; /* of `write`, when it is */
	struct ary_bytes request_id; /* empty: none was sent, and none was needed yet */
	uint8_t made_id[ARY_MADE_ID_BYTES_MAX];
	const struct ary_route *route;   /* NULL: none, or the target `*` */
	const struct ary_action *action;
	enum ary_method method;
	uint64_t fields_seen;        /* a bit for each enum ary_field_id, set before all else */
	struct ary_buf path;         /* the decoded path, when it had to be decoded */
	struct ary_buf key;          /* the key, when it had to be decoded from base64 */
	struct ary_bytes tail;       /* of /keys/{key}: the key; borrows from key, path or target */
	bool is_canonical;           /* of /keys/{key}: the path is as we would write it */
	struct ary_bytes query;      /* raw, without the question mark */
	struct ary_bytes type;       /* of a PUT: its Content-Type */
	struct ary_bytes encoding;   /* and its Content-Encoding */
	struct ary_buf meta;         /* and its metadata, see format/meta.h */
	struct ary_buf kept;         /* what the write has of the first two */
	uint8_t sha256[ARY_SHA256_BYTES]; /* and its digest, where the write says it */
	struct ary_match_set if_match;
	struct ary_match_set if_none_match;
	uint64_t *match_seqs;        /* owned; what both sets are made of */
	unsigned pins;               /* how often a write was tied to a value, see kv_write.c */
	uint64_t pinned_seq;
	unsigned tries;              /* how often a key was chosen anew, see list_add.c */
	struct ary_counting *counting; /* owned, or NULL; see list_count.h */
	struct ary_removal *removal; /* owned, or NULL; see list_remove.h */
	struct ary_pieces *pieces;   /* owned, or NULL; see kv_upload.h */
	bool asks_durability;        /* and write.durability is what it asks for */
	struct ary_write write;
	struct ary_compaction_request compaction;

	struct ary_response response; /* public again; last: see init */
};

/* An empty call; release it at its end, and init it again before it is another one. */
void ary_call_init(struct ary_call *call);
void ary_call_release(struct ary_call *call);

/* The value of the first field ID, or NULL. */
const struct ary_bytes *ary_call_field(const struct ary_call *call, enum ary_field_id id);

/* The bit of ID in `fields_seen`. */
#define ARY_FIELD_BIT(id) (UINT64_C(1) << (id))

/* Notes in `fields_seen` which fields CALL's head has. */
void ary_call_note_fields(struct ary_call *call);

/* Whether CALL, whose fields were noted, has any of those whose BITS are set. */
static inline bool ary_call_has_any(const struct ary_call *call, uint64_t bits)
{
	return (call->fields_seen & bits) != 0;
}

/* Whether it has a field ID. */
static inline bool ary_call_has(const struct ary_call *call, enum ary_field_id id)
{
	return ary_call_has_any(call, ARY_FIELD_BIT(id));
}

/* How many fields ID there are. */
size_t ary_call_field_count(const struct ary_call *call, enum ary_field_id id);

/* Adds a response header; its value is made from FORMAT, and must not hold line breaks. */
void ary_response_field(struct ary_response *response, const char *name, const char *format, ...)
	ARY_PRINTF(3, 4);

/* Response header I, of those that there are; its name and its value. Return borrowed until the
 * response changes. */
const struct ary_response_field *ary_response_at(const struct ary_response *response, size_t i);
const char *ary_response_name(const struct ary_response *response,
			      const struct ary_response_field *field);
const char *ary_response_value(const struct ary_response *response,
			       const struct ary_response_field *field);

/* Makes RESPONSE empty again, memory freed. */
void ary_response_release(struct ary_response *response);

#endif
