/* SPDX-License-Identifier: MIT */
/* The probe of container engines. Door of <curl/curl.h>. */
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/console.h"

enum { REASON_BYTES = 512, URL_BYTES = 2048 };

/* The beginning of the answer's body, as one line. */
struct reason {
	char text[REASON_BYTES];
	size_t size;
};

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
	struct reason *reason = context;

	for (size_t i = 0; i < size * count && reason->size < REASON_BYTES - 1; i++)
		reason->text[reason->size++] = data[i] >= 0x20 && data[i] < 0x7f ? data[i] : ' ';
	return size * count;
}

static void prepare(CURL *curl, const struct ary_config *config, const char *url,
		    struct reason *reason)
{
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)config->timeout_ms);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	/* The question is whether this server answers, not whether a proxy does. */
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, reason);
}

static enum ary_exit ask(CURL *curl, const struct ary_config *config, const char *url)
{
	char error[CURL_ERROR_SIZE] = "";
	struct reason reason = { .size = 0 };
	long status = 0;
	CURLcode code;

	prepare(curl, config, url, &reason);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
	code = curl_easy_perform(curl);
	if (code != CURLE_OK)
		return ary_complain(ARY_EXIT_MISS, "not ready: %s: %s", url,
				    error[0] ? error : curl_easy_strerror(code));
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	if (status == 200)
		return ARY_EXIT_OK;
	return ary_complain(ARY_EXIT_MISS, "not ready: %s answers %ld: %s", url, status,
			    reason.text);
}

enum ary_exit ary_cmd_health(const struct ary_config *config)
{
	size_t size = strlen(config->server);
	char url[URL_BYTES];
	enum ary_exit code;
	CURL *curl;

	while (size > 0 && config->server[size - 1] == '/')
		size--;
	if (size > URL_BYTES - sizeof("/readyz"))
		return ary_complain(ARY_EXIT_USAGE, "--server: the address is too long");
	snprintf(url, sizeof(url), "%.*s/readyz", (int)size, config->server);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return ary_complain(ARY_EXIT_MISS, "cannot prepare an HTTP request");
	curl = curl_easy_init();
	code = curl ? ask(curl, config, url) :
		      ary_complain(ARY_EXIT_MISS, "cannot prepare an HTTP request");
	curl_easy_cleanup(curl);
	curl_global_cleanup();
	return code;
}
