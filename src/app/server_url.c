/* SPDX-License-Identifier: MIT */
#include "app/server_url.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "api/problem.h"
#include "api/route.h"
#include "api/target.h"
#include "base/alloc.h"

#define FORM "it is not http://HOST[:PORT][/PATH], nor https://..."

/* A part of URL, owned; NULL: it has none, or one that cannot be decoded. */
static char *part_of(CURLU *url, CURLUPart part, unsigned flags)
{
	char *text = NULL;
	char *copy;

	if (curl_url_get(url, part, &text, flags) != CURLUE_OK)
		return NULL;
	copy = ary_strdup(text);
	curl_free(text);
	return copy;
}

static bool is_http(CURLU *url)
{
	char *scheme = part_of(url, CURLUPART_SCHEME, 0);
	bool valid = scheme && (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);

	free(scheme);
	return valid;
}

/* Takes the credentials out of FROM. False: those that are there cannot be read. */
static bool take_credentials(CURLU *from, struct ary_server_url *url)
{
	CURLUcode code;
	char *raw = NULL;

	url->user = part_of(from, CURLUPART_USER, CURLU_URLDECODE);
	url->password = part_of(from, CURLUPART_PASSWORD, CURLU_URLDECODE);
	code = curl_url_get(from, CURLUPART_USER, &raw, 0);
	curl_free(raw);
	if (code == CURLUE_OK && url->user == NULL)
		return false;
	raw = NULL;
	code = curl_url_get(from, CURLUPART_PASSWORD, &raw, 0);
	curl_free(raw);
	if (code == CURLUE_OK && url->password == NULL)
		return false;
	return curl_url_set(from, CURLUPART_USER, NULL, 0) == CURLUE_OK &&
	       curl_url_set(from, CURLUPART_PASSWORD, NULL, 0) == CURLUE_OK;
}

static void drop_slashes(char *text)
{
	size_t size = strlen(text);

	while (size > 0 && text[size - 1] == '/')
		text[--size] = '\0';
}

static enum ary_status take_parts(CURLU *from, const char *text, struct ary_server_url *url,
				  struct ary_error *err)
{
	/* A question mark would swallow the paths that are put behind the base. */
	if (strpbrk(text, "?#") != NULL)
		return ary_fail(err, ARY_INVALID, "it has a '?' or a '#'");
	if (curl_url_set(from, CURLUPART_URL, text, CURLU_PATH_AS_IS) != CURLUE_OK ||
	    !is_http(from))
		return ary_fail(err, ARY_INVALID, "%s", FORM);
	if (!take_credentials(from, url))
		return ary_fail(err, ARY_INVALID, "its user or password cannot be decoded");
	url->base = part_of(from, CURLUPART_URL, 0);
	if (url->base == NULL)
		return ary_fail(err, ARY_INVALID, "%s", FORM);
	drop_slashes(url->base);
	return ARY_OK;
}

enum ary_status ary_server_url_parse(const char *text, struct ary_server_url *out,
				     struct ary_error *err)
{
	struct ary_server_url url = { .base = NULL };
	CURLU *parser = curl_url();
	enum ary_status status;

	if (parser == NULL)
		return ary_fail(err, ARY_NO_MEMORY, "no memory for an address");
	status = take_parts(parser, text, &url, err);
	curl_url_cleanup(parser);
	if (status == ARY_OK)
		*out = url;
	else
		ary_server_url_release(&url);
	return status;
}

void ary_server_url_release(struct ary_server_url *url)
{
	free(url->base);
	free(url->user);
	free(url->password);
	*url = (struct ary_server_url){ .base = NULL };
}

enum ary_status ary_server_url_check_key(struct ary_bytes key, struct ary_error *err)
{
	const struct ary_problem *problem = ary_problem(ARY_PROBLEM_DOT_SEGMENT);

	if (!ary_path_has_dot_segment(key))
		return ARY_OK;
	return ary_fail(err, ARY_INVALID, "%s: %s", problem->title, problem->cause);
}

enum ary_status ary_server_url_key_path(struct ary_bytes key, struct ary_buf *out,
					struct ary_error *err)
{
	static const uint8_t terminator;
	enum ary_status status = ary_server_url_check_key(key, err);

	if (status != ARY_OK)
		return status;
	out->size = 0;
	if (ary_buf_append(out, ary_bytes_of(ARY_KEYS_PATH)) && ary_percent_encode(key, out) &&
	    ary_buf_append(out, (struct ary_bytes){ &terminator, 1 }))
		return ARY_OK;
	return ary_fail(err, ARY_NO_MEMORY, "no memory for the path of a key");
}
