/* SPDX-License-Identifier: MIT */
/* Promise: a client reads out of an answer what the server wrote into it, and takes no harm from
 * answers that no server of ours gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "api/answer.h"
#include "api/problem.h"
#include "lib/api_fixture.h"

static enum ary_status failure(unsigned http_status, const char *body, bool is_write,
			       struct ary_error *err)
{
	enum ary_status status =
		ary_answer_failure(http_status, ary_bytes_of(body), is_write, err);

	assert_int_equal(err->status, status);
	return status;
}

static void test_a_problem_gives_its_status_title_and_detail(void **state)
{
	struct ary_error err;

	(void)state;
	assert_int_equal(failure(507, "{\"type\":\"/problems/no-space\",\"status\":507,"
				      "\"title\":\"No space left\",\"detail\":\"1 byte is free\"}",
				 true, &err),
			 ARY_NO_SPACE);
	assert_string_equal(err.text, "No space left: 1 byte is free");
	assert_int_equal(failure(404, "{\"type\":\"/problems/key-not-found\",\"title\":\"T\"}",
				 false, &err),
			 ARY_NOT_FOUND);
	assert_string_equal(err.text, "T");
	/* One line, whatever a server sends. */
	failure(400, "{\"title\":\"a\\nb\\u001b[2J\",\"detail\":\"c\\r\"}", true, &err);
	assert_string_equal(err.text, "a b [2J: c ");
}

static void test_what_is_no_problem_of_ours_goes_by_its_number(void **state)
{
	static const char *const bodies[] = {
		"", "<html>", "[", "[]", "null", "17", "\"text\"", "{}",
		"{\"type\":17,\"title\":1}",
		"{\"type\":\"about:blank\"}",
		"{\"type\":\"/problems/\"}",
		"{\"type\":\"/problems/none-of-ours\"}",
		"{\"type\":\"key-not-found\"}",
		"{\"type\":\"/problems/no-space\",\"type\":\"/problems/no-space\"}",
	};
	struct ary_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		assert_int_equal(failure(404, bodies[i], false, &err), ARY_IO);
		assert_string_equal(err.text, "the answer is 404, without a reason");
		assert_int_equal(failure(404, bodies[i], true, &err), ARY_IO);
		assert_int_equal(failure(502, bodies[i], false, &err), ARY_IO);
		assert_int_equal(failure(502, bodies[i], true, &err), ARY_UNCERTAIN);
		assert_int_equal(failure(503, bodies[i], true, &err), ARY_BUSY);
	}
}

static void test_every_problem_is_something_to_a_client(void **state)
{
	static const enum ary_status statuses[] = {
		ARY_NOT_FOUND, ARY_INVALID, ARY_TOO_LARGE, ARY_CONFLICT, ARY_BUSY, ARY_READ_ONLY,
		ARY_NO_SPACE, ARY_NO_MEMORY, ARY_CORRUPT, ARY_IO, ARY_UNCERTAIN, ARY_SHUTDOWN,
	};

	(void)state;
	for (unsigned i = 0; i < ARY_PROBLEM_COUNT; i++) {
		enum ary_status status = ary_problem_status((enum ary_problem_kind)i);

		assert_int_not_equal(status, ARY_OK);
		/* Of a change that was not made, nobody is told that it may have been. */
		if (ary_problem((enum ary_problem_kind)i)->status == 503)
			assert_true(status != ARY_UNCERTAIN && status != ARY_INVALID);
	}
	/* What the store answered comes back as itself. */
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		assert_int_equal(ary_problem_status(ary_problem_of(statuses[i])), statuses[i]);
	assert_int_equal(ary_problem_status(ARY_PROBLEM_DOT_SEGMENT), ARY_INVALID);
	assert_int_equal(ary_problem_status(ARY_PROBLEM_KEY_TOO_LONG), ARY_TOO_LARGE);
	assert_int_equal(ary_problem_status(ARY_PROBLEM_NO_SUCH_RESOURCE), ARY_UNSUPPORTED);
}

/* The body of METHOD TARGET, which is released with REQUEST. */
static struct ary_bytes body_of(struct api_fixture *fixture, struct api_request *request,
				const char *method, const char *target)
{
	api_request_init(request, method, target);
	assert_int_equal(api_request_send(fixture, request), 200);
	return request->call.response.body;
}

static void expect_same_report(const struct ary_compaction_report *a,
			       const struct ary_compaction_report *b)
{
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->runs, b->runs);
	assert_int_equal(a->full, b->full);
	assert_int_equal(a->status, b->status);
	assert_int_equal(a->logs_before, b->logs_before);
	assert_int_equal(a->logs_after, b->logs_after);
	assert_int_equal(a->bytes_before, b->bytes_before);
	assert_int_equal(a->bytes_after, b->bytes_after);
	assert_int_equal(a->selected_logs, b->selected_logs);
	assert_int_equal(a->selected_bytes, b->selected_bytes);
	assert_int_equal(a->scanned_bytes, b->scanned_bytes);
	assert_int_equal(a->written_bytes, b->written_bytes);
	assert_int_equal(a->records_kept, b->records_kept);
	assert_int_equal(a->records_dropped, b->records_dropped);
	assert_int_equal(a->duration_ms, b->duration_ms);
}

static void test_a_report_is_read_as_it_was_written(void **state)
{
	struct ary_compaction_report written;
	struct ary_compaction_report read;
	struct api_fixture fixture;
	struct api_request request;

	(void)state;
	api_fixture_create(&fixture, NULL);
	api_fixture_serve(&fixture);
	assert_int_equal(api_put(&fixture, "/keys/a", "1"), 201);
	assert_int_equal(api_put(&fixture, "/keys/a", "2"), 204);
	assert_int_equal(ary_answer_compaction(body_of(&fixture, &request, "POST",
						       "/compact?full"),
					       &read, NULL), ARY_OK);
	api_request_release(&request);
	ary_store_compaction_report(fixture.store, &written);
	assert_int_equal(read.runs, 1);
	assert_int_equal(read.records_kept, 1);
	assert_true(read.records_dropped > 0);
	expect_same_report(&read, &written);
	api_fixture_destroy(&fixture);
}

static void test_a_report_tells_of_running_and_of_failing(void **state)
{
	struct ary_compaction_report report;

	(void)state;
	assert_int_equal(ary_answer_compaction(
				 ary_bytes_of("{\"state\":\"running\",\"runs\":3,"
					      "\"duration_seconds\":1.0005,\"scanned_bytes\":7}"),
				 &report, NULL), ARY_OK);
	assert_int_equal(report.state, ARY_COMPACTION_RUNNING);
	assert_int_equal(report.runs, 3);
	assert_int_equal(report.scanned_bytes, 7);
	assert_int_equal(report.duration_ms, 1001);
	assert_int_equal(report.status, ARY_OK);
	assert_int_equal(ary_answer_compaction(
				 ary_bytes_of("{\"state\":\"idle\",\"runs\":4,\"result\":"
					      "\"no-space\",\"error\":\"0.log: full\"}"),
				 &report, NULL), ARY_OK);
	assert_int_equal(report.state, ARY_COMPACTION_IDLE);
	assert_int_equal(report.status, ARY_NO_SPACE);
	assert_string_equal(report.error.text, "0.log: full");
	assert_int_equal(ary_answer_compaction(ary_bytes_of("{\"result\":\"odd\"}"), &report, NULL),
			 ARY_OK);
	assert_int_equal(report.status, ARY_IO);
	assert_string_equal(report.error.text, "odd");
}

static void expect_same_stats(const struct ary_stats *a, const struct ary_stats *b)
{
	assert_int_equal(a->keys, b->keys);
	assert_int_equal(a->keys_with_expiry, b->keys_with_expiry);
	assert_int_equal(a->expired, b->expired);
	assert_int_equal(a->logs, b->logs);
	assert_int_equal(a->log_bytes, b->log_bytes);
	assert_int_equal(a->live_bytes, b->live_bytes);
	assert_int_equal(a->stale_bytes, b->stale_bytes);
	assert_int_equal(a->seq, b->seq);
	assert_int_equal(a->index_bytes, b->index_bytes);
	assert_int_equal(a->reads, b->reads);
	assert_int_equal(a->sets, b->sets);
	assert_int_equal(a->removes, b->removes);
	assert_int_equal(a->groups, b->groups);
	assert_int_equal(a->syncs, b->syncs);
	assert_int_equal(a->appended_bytes, b->appended_bytes);
	assert_int_equal(a->queue_bytes, b->queue_bytes);
	assert_int_equal(a->recovered_records, b->recovered_records);
	assert_int_equal(a->recovered_torn_bytes, b->recovered_torn_bytes);
	assert_int_equal(a->recovery_ms, b->recovery_ms);
	assert_int_equal(a->read_only, b->read_only);
	assert_int_equal(a->disk_full, b->disk_full);
}

static void test_figures_are_read_as_they_were_written(void **state)
{
	struct ary_write over = {
		.op = ARY_WRITE_SET, .key = ary_bytes_of("over"), .expires_ms = 1};
	struct ary_write ends = {
		.op = ARY_WRITE_SET, .key = ary_bytes_of("ends"), .ttl_ms = 86400000};
	struct ary_stats written;
	struct ary_stats read;
	struct api_fixture fixture;
	struct api_request request;

	(void)state;
	api_fixture_create(&fixture, NULL);
	api_fixture_serve(&fixture);
	assert_int_equal(api_put(&fixture, "/keys/a", "1"), 201);
	assert_int_equal(api_put(&fixture, "/keys/b", "2"), 201);
	assert_int_equal(api_send(&fixture, "DELETE", "/keys/b"), 204);
	/* Its time was over before it began: it is ended by the next write. */
	assert_int_equal(ary_store_write(fixture.store, &over), ARY_OK);
	assert_int_equal(ary_store_write(fixture.store, &ends), ARY_OK);
	assert_int_equal(ary_answer_stats(body_of(&fixture, &request, "GET", "/stats"), &read,
					  NULL), ARY_OK);
	api_request_release(&request);
	ary_store_stats(fixture.store, &written);
	assert_int_equal(read.keys, 2);
	assert_int_equal(read.keys_with_expiry, 1);
	assert_int_equal(read.removes, 1);
	assert_int_equal(read.expired, 1);
	/* The disk is everybody's. */
	assert_true(read.disk_free_bytes > 0);
	expect_same_stats(&read, &written);
	api_fixture_destroy(&fixture);
}

static void test_odd_figures_count_as_nothing(void **state)
{
	static const char *const bodies[] = { "", "x", "[]", "17", "{", "{\"a\":1}{", "null" };
	struct ary_stats stats;
	struct ary_compaction_report report;

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct ary_bytes body = ary_bytes_of(bodies[i]);

		assert_int_equal(ary_answer_stats(body, &stats, NULL), ARY_CORRUPT);
		assert_int_equal(ary_answer_compaction(body, &report, NULL), ARY_CORRUPT);
	}
	assert_int_equal(ary_answer_stats(
				 ary_bytes_of("{\"keys\":-1,\"logs\":\"2\",\"seq\":1.5,"
					      "\"recovery_seconds\":1e300,\"read_only\":1}"),
				 &stats, NULL), ARY_OK);
	assert_int_equal(stats.keys, 0);
	assert_int_equal(stats.logs, 0);
	assert_int_equal(stats.seq, 0);
	assert_int_equal(stats.recovery_ms, 0);
	assert_false(stats.read_only);
}

/* What was visited, one key a line, with its seq. */
struct visited {
	struct ary_buf text;
	unsigned left; /* until no more are wanted */
};

static bool note_key(void *context, struct ary_bytes key, uint64_t seq)
{
	struct visited *visited = context;

	assert_true(seq > 0);
	assert_true(ary_buf_append(&visited->text, key) &&
		    ary_buf_append(&visited->text, ary_bytes_of("|")));
	return --visited->left > 0;
}

/* Reads BODY; fails the test unless the answer is STATUS, and KEYS were visited. */
static void expect_page(struct ary_bytes body, unsigned wanted, enum ary_status status,
			struct ary_bytes keys, const char *next)
{
	struct visited visited = {.left = wanted};
	struct ary_buf token = {0};

	assert_int_equal(ary_answer_page(body, note_key, &visited, &token, NULL), status);
	assert_true(ary_bytes_equal(ary_buf_view(&visited.text), keys));
	if (status == ARY_OK)
		assert_true(ary_bytes_equal(ary_buf_view(&token), ary_bytes_of(next)));
	ary_buf_release(&visited.text);
	ary_buf_release(&token);
}

static void test_a_page_is_read_as_it_was_written(void **state)
{
	static const uint8_t keys[] = "a|b\"/|\xff\0|";
	struct api_fixture fixture;
	struct api_request request;

	(void)state;
	api_fixture_create(&fixture, NULL);
	api_fixture_serve(&fixture);
	assert_int_equal(api_put(&fixture, "/keys/a", "v"), 201);
	assert_int_equal(api_put(&fixture, "/keys/b%22/", "v"), 201);
	assert_int_equal(api_put(&fixture, "/keys/%ff%00", "v"), 201);
	api_request_init(&request, "GET", "/keys?prefix=");
	api_request_header(&request, "Accept", "application/x-ndjson");
	assert_int_equal(api_request_send(&fixture, &request), 200);
	expect_page(request.call.response.body, 9, ARY_OK,
		    (struct ary_bytes){keys, sizeof(keys) - 1}, "");
	expect_page(request.call.response.body, 1, ARY_CANCELLED, ary_bytes_of("a|"), "");
	api_request_release(&request);
	api_fixture_destroy(&fixture);
	expect_page(ary_bytes_of("{\"key\":\"k\",\"seq\":3,\"more\":[]}\n"
				 "{\"next\":\"to-ken\"}\n"),
		    9, ARY_OK, ary_bytes_of("k|"), "to-ken");
}

static void test_what_is_no_page_is_told(void **state)
{
	static const char *const bodies[] = {
		"", "\n", "null\n", "{}\n", "{\"next\":7}\n",
		"{\"key\":7,\"seq\":1}\n{\"next\":null}\n",
		"{\"key\":\"\",\"seq\":1}\n{\"next\":null}\n",
		"{\"key_b64\":\"?\",\"seq\":1}\n{\"next\":null}\n",
		"{\"next\":null}\n{\"next\":null}\n",
		"{\"prefix\":\"a/\"}\n{\"next\":null}\n", "<html>\n", "{\"next\":null",
	};
	struct ary_bytes none = {NULL, 0};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		expect_page(ary_bytes_of(bodies[i]), 9, ARY_CORRUPT, none, NULL);
	/* What is cut off behind a key, too. */
	expect_page(ary_bytes_of("{\"key\":\"k\",\"seq\":3}\n"), 9, ARY_CORRUPT,
		    ary_bytes_of("k|"), NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_problem_gives_its_status_title_and_detail),
		cmocka_unit_test(test_what_is_no_problem_of_ours_goes_by_its_number),
		cmocka_unit_test(test_every_problem_is_something_to_a_client),
		cmocka_unit_test(test_a_report_is_read_as_it_was_written),
		cmocka_unit_test(test_a_report_tells_of_running_and_of_failing),
		cmocka_unit_test(test_figures_are_read_as_they_were_written),
		cmocka_unit_test(test_a_page_is_read_as_it_was_written),
		cmocka_unit_test(test_what_is_no_page_is_told),
		cmocka_unit_test(test_odd_figures_count_as_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
