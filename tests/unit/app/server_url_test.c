/* SPDX-License-Identifier: MIT */
/* Promise: an address is taken with a path, a port, IPv6 and credentials, and nothing else is; what
 * can be shown of it holds no credentials; and the path of a key has every byte of the key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "api/target.h"
#include "app/server_url.h"

static void expect_base(const char *text, const char *base)
{
	struct ary_server_url url;

	assert_int_equal(ary_server_url_parse(text, &url, NULL), ARY_OK);
	assert_string_equal(url.base, base);
	assert_null(url.user);
	assert_null(url.password);
	ary_server_url_release(&url);
}

static void test_addresses_are_taken_without_their_last_slashes(void **state)
{
	(void)state;
	expect_base("http://127.0.0.1:8080", "http://127.0.0.1:8080");
	expect_base("http://127.0.0.1:8080/", "http://127.0.0.1:8080");
	expect_base("http://127.0.0.1:8080///", "http://127.0.0.1:8080");
	expect_base("HTTP://localhost", "http://localhost");
	expect_base("https://kv.example.com/stores/one/", "https://kv.example.com/stores/one");
	expect_base("https://kv.example.com/a/../b", "https://kv.example.com/a/../b");
	expect_base("http://[::1]:8080/", "http://[::1]:8080");
	expect_base("http://[::1]", "http://[::1]");
	expect_base("http://host:65535/a%20b", "http://host:65535/a%20b");
}

static void test_credentials_are_kept_apart(void **state)
{
	struct ary_server_url url;

	(void)state;
	assert_int_equal(ary_server_url_parse("https://me:s%40crE%3at@host:1/p/", &url, NULL),
			 ARY_OK);
	assert_string_equal(url.base, "https://host:1/p");
	assert_string_equal(url.user, "me");
	assert_string_equal(url.password, "s@crE:t");
	ary_server_url_release(&url);
	assert_int_equal(ary_server_url_parse("http://token@host", &url, NULL), ARY_OK);
	assert_string_equal(url.base, "http://host");
	assert_string_equal(url.user, "token");
	assert_null(url.password);
	ary_server_url_release(&url);
}

static void test_other_texts_are_refused_and_not_shown(void **state)
{
	static const char *const texts[] = {
		"", "/", "host", "localhost:8080", "127.0.0.1:8080", "://host", "http://",
		"http:///", "ftp://secret@host", "file:///secret", "unix:///secret",
		"http://host:65536", "http://host:secret", "http://host:-1", "http://ho st",
		"http://host/secret?a=b", "http://host?", "http://host/#secret", "http://[::1",
		"http://[secret]", "http://a%00secret@host", "http://a:secret%0a@host",
		"http://host\nsecret",
	};
	struct ary_server_url url;
	struct ary_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (ary_server_url_parse(texts[i], &url, &err) != ARY_INVALID)
			fail_msg("taken: '%s'", texts[i]);
		assert_null(strstr(err.text, "secret"));
	}
}

static void expect_path(struct ary_bytes key, const char *path)
{
	struct ary_buf out = { .size = 0 };
	struct ary_buf storage = { .size = 0 };
	struct ary_bytes back;

	assert_int_equal(ary_server_url_key_path(key, &out, NULL), ARY_OK);
	assert_string_equal((const char *)out.data, path);
	assert_int_equal(out.size, strlen(path) + 1);
	/* What the server makes of it. */
	assert_int_equal(ary_percent_decode(ary_bytes_of(path + strlen("/keys/")), &storage,
					    &back), ARY_OK);
	assert_true(ary_bytes_equal(back, key));
	ary_buf_release(&storage);
	ary_buf_release(&out);
}

static void test_paths_hold_every_byte_of_the_key(void **state)
{
	static const char odd[] = "a\0b%\xff\xc3\xa4+ ?#&=\n";

	(void)state;
	expect_path(ary_bytes_of("plain"), "/keys/plain");
	expect_path(ary_bytes_of("a/b//c/"), "/keys/a/b//c/");
	expect_path(ary_bytes_of("/"), "/keys//");
	expect_path(ary_bytes_of("%2F%00"), "/keys/%252F%2500");
	expect_path(ary_bytes_of("..."), "/keys/...");
	expect_path(ary_bytes_of(".a/a./..b"), "/keys/.a/a./..b");
	expect_path((struct ary_bytes){ (const uint8_t *)odd, sizeof(odd) - 1 },
		    "/keys/a%00b%25%FF%C3%A4%2B%20%3F%23%26%3D%0A");
}

static void test_keys_that_others_would_rewrite_are_refused(void **state)
{
	static const char *const keys[] = { ".", "..", "a/..", "../a", "a/./b", "/.", "a/../b" };
	struct ary_buf out = { .size = 0 };
	struct ary_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		assert_int_equal(ary_server_url_key_path(ary_bytes_of(keys[i]), &out, &err),
				 ARY_INVALID);
		assert_non_null(strstr(err.text, "Dot segment"));
		assert_int_equal(out.size, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses_are_taken_without_their_last_slashes),
		cmocka_unit_test(test_credentials_are_kept_apart),
		cmocka_unit_test(test_other_texts_are_refused_and_not_shown),
		cmocka_unit_test(test_paths_hold_every_byte_of_the_key),
		cmocka_unit_test(test_keys_that_others_would_rewrite_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
