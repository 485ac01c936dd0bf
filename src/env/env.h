/* SPDX-License-Identifier: MIT */
/* The seam: every file, clock and random byte that the program uses passes through here.
 *
 * Three implementations are foreseen: posix (this one), simulated (enumerates crash states) and
 * faulty (fails the n-th call). A directory handle is one store directory's subfolder; all names
 * are relative to it and hold no slash.
 *
 * Failures fill `err` (may be NULL) with a text that names the file; statuses follow
 * ary_fail_errno. Interrupted calls (EINTR) are retried here, until they have been interrupted so
 * often that it is no chance (IO); except sync, which is never retried.
 * Threads: one handle may be used by several threads at once; read_at beside append is fine. */
#ifndef ARY_ENV_ENV_H
#define ARY_ENV_ENV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

struct ary_env;
struct ary_dir;
struct ary_file;

enum ary_open_mode {
	ARY_OPEN_READ,       /* must exist; reading only */
	ARY_OPEN_WRITE,      /* must exist; reading and writing */
	ARY_OPEN_CREATE_NEW, /* must not exist (EXISTS); reading and writing; 0600 */
};

/* Called once per name of a listing. Returning false ends the listing early. */
typedef bool (*ary_name_visit)(void *context, const char *name);

/* Memory for the bytes of a file, the caller's to change: the file does not change with it. */
struct ary_file_copy {
	uint8_t *data;
	size_t bytes;
	struct ary_env *mapped_by; /* NULL: it is no map, and its bytes are to be read to it */
};

/* The operations of one implementation. Callers use the functions below. */
struct ary_env_ops {
	enum ary_status (*dir_open)(struct ary_env *env, const char *path, bool create,
				    struct ary_dir **out, struct ary_error *err);
	void (*dir_close)(struct ary_dir *dir);
	enum ary_status (*dir_list)(struct ary_dir *dir, ary_name_visit visit, void *context,
				    struct ary_error *err);
	enum ary_status (*dir_sync)(struct ary_dir *dir, struct ary_error *err);
	enum ary_status (*dir_rename)(struct ary_dir *dir, const char *from, const char *to,
				      struct ary_error *err);
	enum ary_status (*dir_unlink)(struct ary_dir *dir, const char *name, struct ary_error *err);
	enum ary_status (*dir_lock)(struct ary_dir *dir, const char *name, struct ary_file **out,
				    struct ary_error *err);
	enum ary_status (*dir_lock_shared)(struct ary_dir *dir, const char *name,
					   struct ary_file **out, struct ary_error *err);
	enum ary_status (*dir_space)(struct ary_dir *dir, uint64_t *free_bytes_out,
				     uint64_t *total_bytes_out, struct ary_error *err);

	enum ary_status (*file_open)(struct ary_dir *dir, const char *name, enum ary_open_mode mode,
				     struct ary_file **out, struct ary_error *err);
	enum ary_status (*file_close)(struct ary_file *file, struct ary_error *err);
	enum ary_status (*file_size)(struct ary_file *file, uint64_t *out, struct ary_error *err);
	enum ary_status (*file_read_at)(struct ary_file *file, uint64_t offset, void *data,
					size_t size, size_t *read_out, struct ary_error *err);
	enum ary_status (*file_write_at)(struct ary_file *file, uint64_t offset, const void *data,
					 size_t size, size_t *written_out, struct ary_error *err);
	enum ary_status (*file_truncate)(struct ary_file *file, uint64_t size,
					 struct ary_error *err);
	enum ary_status (*file_sync)(struct ary_file *file, struct ary_error *err);
	/* May be NULL. */
	void (*file_map)(struct ary_file *file, uint64_t bytes);
	/* May all be NULL. Whether COPY is a map of FILE's first COPY->bytes now; then the others
	 * are called. */
	bool (*copy_map)(struct ary_file_copy *copy, struct ary_file *file);
	bool (*copy_populate)(const struct ary_file_copy *copy, size_t offset, size_t bytes);
	void (*copy_release)(struct ary_file_copy *copy);

	uint64_t (*wall_ms)(struct ary_env *env);
	uint64_t (*monotonic_ns)(struct ary_env *env);
	enum ary_status (*random)(struct ary_env *env, void *data, size_t size,
				  struct ary_error *err);
};

/* Every handle of an implementation begins with its environment. */
struct ary_env {
	const struct ary_env_ops *ops;
};
struct ary_dir {
	struct ary_env *env;
};
struct ary_file {
	struct ary_env *env;
};

/* The operating system's environment; returns borrowed until for ever. */
struct ary_env *ary_env_posix(void);

/* Opens directory PATH (not a symbolic link), creating it (0700; the parent must exist) when
 * CREATE; a created directory is itself made durable in its parent. Returns owned. */
ARY_MUST_CHECK enum ary_status ary_dir_open(struct ary_env *env, const char *path, bool create,
					    struct ary_dir **out, struct ary_error *err);

/* Takes DIR (may be NULL). */
void ary_dir_close(struct ary_dir *dir);

/* Visits every name but "." and "..", in no order. Any failure while listing is a failure. */
ARY_MUST_CHECK enum ary_status ary_dir_list(struct ary_dir *dir, ary_name_visit visit,
					    void *context, struct ary_error *err);

/* Makes creations, renames and removals in DIR durable. Never retried. */
ARY_MUST_CHECK enum ary_status ary_dir_sync(struct ary_dir *dir, struct ary_error *err);

/* Renames FROM over TO, atomically. */
ARY_MUST_CHECK enum ary_status ary_dir_rename(struct ary_dir *dir, const char *from, const char *to,
					      struct ary_error *err);

ARY_MUST_CHECK enum ary_status ary_dir_unlink(struct ary_dir *dir, const char *name,
					      struct ary_error *err);

/* Takes an exclusive lock on file NAME, creating it, and writes the process id into it. The lock is
 * held until the file is closed, or the process ends in whatever way. Returns owned.
 * LOCKED: another holder; the text names its process id where known. */
ARY_MUST_CHECK enum ary_status ary_dir_lock(struct ary_dir *dir, const char *name,
					    struct ary_file **out, struct ary_error *err);

/* As ary_dir_lock for one who only reads: makes and writes nothing, and keeps out only those who
 * take the exclusive lock. NOT_FOUND: there is no such file, so nobody has the lock. */
ARY_MUST_CHECK enum ary_status ary_dir_lock_shared(struct ary_dir *dir, const char *name,
						   struct ary_file **out, struct ary_error *err);

/* Bytes free to this user, and in all, on the file system of DIR. */
ARY_MUST_CHECK enum ary_status ary_dir_space(struct ary_dir *dir, uint64_t *free_bytes_out,
					     uint64_t *total_bytes_out, struct ary_error *err);

/* Opens NAME (a regular file, not a symbolic link). Returns owned. */
ARY_MUST_CHECK enum ary_status ary_file_open(struct ary_dir *dir, const char *name,
					     enum ary_open_mode mode, struct ary_file **out,
					     struct ary_error *err);

/* Takes FILE on success and on failure (it cannot be used again); NULL is OK. */
enum ary_status ary_file_close(struct ary_file *file, struct ary_error *err);

ARY_MUST_CHECK enum ary_status ary_file_size(struct ary_file *file, uint64_t *out,
					     struct ary_error *err);

/* Reads up to SIZE bytes from OFFSET; fewer only at the end of the file. */
ARY_MUST_CHECK enum ary_status ary_file_read_at(struct ary_file *file, uint64_t offset, void *data,
						size_t size, size_t *read_out,
						struct ary_error *err);

/* Writes all SIZE bytes at OFFSET, in as many calls as it takes. On failure *WRITTEN_OUT says how
 * many bytes were taken before it; more may have reached the file. */
ARY_MUST_CHECK enum ary_status ary_file_write_at(struct ary_file *file, uint64_t offset,
						 const void *data, size_t size,
						 size_t *written_out, struct ary_error *err);

ARY_MUST_CHECK enum ary_status ary_file_truncate(struct ary_file *file, uint64_t size,
						 struct ary_error *err);

/* fdatasync: what was written, and the size, are durable when this answers OK. A failure leaves
 * the file's durable contents unknown for ever (the kernel drops what it could not write): the
 * caller must stop writing, not try again. */
ARY_MUST_CHECK enum ary_status ary_file_sync(struct ary_file *file, struct ary_error *err);

/* Lets short reads within the first BYTES of FILE, as it is or will be, be answered from memory to
 * which the system maps it, where it can: what the system has of the file costs no call then.
 * Nothing else changes: what cannot be read fails as it would have failed. Once, right after the
 * file was opened, before others have it; the file shall be written by way of FILE only. */
void ary_file_map(struct ary_file *file, uint64_t bytes);

/* Makes COPY memory for the first BYTES of FILE, which has so many. Where the system can map them,
 * they are there, and read when they are first looked at: one that cannot be read by then, or that
 * a shorter file does not have any more, ends the program, as memory does that is broken. Else they
 * are the caller's to read. COPY is to be released. FILE may be closed meanwhile. NO_MEMORY. */
ARY_MUST_CHECK enum ary_status ary_file_copy_init(struct ary_file_copy *copy, struct ary_file *file,
						  size_t bytes, struct ary_error *err);

/* Brings in the BYTES at OFFSET of COPY, which begin a page, so that whoever looks at them first
 * does not pay for it; others may use and change them meanwhile. False: it could not, or there is
 * nothing to bring in, and the rest is not worth asking for. */
bool ary_file_copy_populate(const struct ary_file_copy *copy, size_t offset, size_t bytes);

/* Frees what COPY holds; one that is all zero is fine. */
void ary_file_copy_release(struct ary_file_copy *copy);

/* Milliseconds since 1970; may jump either way. For people and for expiry, never for order. */
uint64_t ary_wall_ms(struct ary_env *env);

/* Nanoseconds since some start; never runs backwards. */
uint64_t ary_monotonic_ns(struct ary_env *env);

/* As ary_monotonic_ns, in whole milliseconds. */
uint64_t ary_monotonic_ms(struct ary_env *env);

/* Fills DATA with SIZE unpredictable bytes. */
ARY_MUST_CHECK enum ary_status ary_random(struct ary_env *env, void *data, size_t size,
					  struct ary_error *err);

#endif
