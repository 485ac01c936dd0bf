/* SPDX-License-Identifier: MIT */
#include "lib/client.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/exchange.h"

enum { TIMEOUT_MS = 30000 };

struct client {
	CURL *curl;
	int port;
};

struct growing {
	char *data;
	size_t size;
};

struct sending {
	const char *data;
	size_t size;
};

static void init_library(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct client *client_create(int port)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	pthread_once(&once, init_library);
	client->port = port;
	client->curl = curl_easy_init();
	if (!client->curl) {
		free(client);
		return NULL;
	}
	return client;
}

void client_destroy(struct client *client)
{
	if (!client)
		return;
	curl_easy_cleanup(client->curl);
	free(client);
}

static size_t take(char *data, size_t unit, size_t count, void *context)
{
	struct growing *into = context;
	size_t size = unit * count;
	char *grown = realloc(into->data, into->size + size + 1);

	if (!grown)
		return 0;
	memcpy(grown + into->size, data, size);
	into->data = grown;
	into->size += size;
	grown[into->size] = '\0';
	return size;
}

static size_t give(char *data, size_t unit, size_t count, void *context)
{
	struct sending *from = context;
	size_t size = unit * count < from->size ? unit * count : from->size;

	memcpy(data, from->data, size);
	from->data += size;
	from->size -= size;
	return size;
}

static void set_body(CURL *curl, const struct client_request *request, struct sending *sending)
{
	if (strcmp(request->method, "HEAD") == 0)
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	if (!request->has_body)
		return;
	sending->data = request->body;
	sending->size = request->body_size;
	curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
	curl_easy_setopt(curl, CURLOPT_READDATA, sending);
	if (!request->is_chunked)
		curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->body_size);
}

/* Without an empty Expect, curl would wait a second for `100 Continue` from servers that are slow
 * to send it. */
static struct curl_slist *make_headers(const struct client_request *request)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Expect:");

	for (size_t i = 0; request->headers && request->headers[i]; i++) {
		if (strncasecmp(request->headers[i], "Expect:", 7) == 0) {
			curl_slist_free_all(headers);
			headers = NULL;
		}
	}
	for (size_t i = 0; request->headers && request->headers[i]; i++)
		headers = curl_slist_append(headers, request->headers[i]);
	return headers;
}

/* The header lines that the test gave, and not those that libcurl adds. */
static void record(const struct client_request *request, const struct client_reply *reply)
{
	struct growing sent = { 0 };
	struct exchange_record exchange = {
		.how = "client",
		.method = { request->method, strlen(request->method) },
		.target = { request->target, strlen(request->target) },
		.status = (unsigned)reply->status,
		.head = { reply->head, reply->head ? strlen(reply->head) : 0 },
		.body = { reply->body, reply->body_size },
	};

	for (size_t i = 0; request->headers && request->headers[i]; i++) {
		char line[CLIENT_HEADER_BYTES];
		int size = snprintf(line, sizeof(line), "%s\r\n", request->headers[i]);

		take(line, 1, size < (int)sizeof(line) ? (size_t)size : sizeof(line) - 1, &sent);
	}
	exchange.sent = (struct exchange_bytes){ sent.data, sent.size };
	exchange_write(&exchange);
	free(sent.data);
}

long client_send(struct client *client, const struct client_request *request,
		 struct client_reply *reply)
{
	struct growing head = { 0 };
	struct growing body = { 0 };
	struct sending sending = { 0 };
	struct curl_slist *headers = make_headers(request);
	size_t url_size = strlen(request->target) + 64;
	char *url = malloc(url_size);
	CURLcode code = CURLE_OUT_OF_MEMORY;

	memset(reply, 0, sizeof(*reply));
	if (url) {
		snprintf(url, url_size, "http://127.0.0.1:%d%s", client->port, request->target);
		curl_easy_reset(client->curl);
		curl_easy_setopt(client->curl, CURLOPT_URL, url);
		curl_easy_setopt(client->curl, CURLOPT_PATH_AS_IS, 1L);
		curl_easy_setopt(client->curl, CURLOPT_NOSIGNAL, 1L);
		curl_easy_setopt(client->curl, CURLOPT_PROXY, "");
		curl_easy_setopt(client->curl, CURLOPT_TIMEOUT_MS, (long)TIMEOUT_MS);
		curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(client->curl, CURLOPT_HEADERFUNCTION, take);
		curl_easy_setopt(client->curl, CURLOPT_HEADERDATA, &head);
		curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, take);
		curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, &body);
		set_body(client->curl, request, &sending);
		curl_easy_setopt(client->curl, CURLOPT_CUSTOMREQUEST, request->method);
		code = curl_easy_perform(client->curl);
	}
	if (code == CURLE_OK)
		curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &reply->status);
	curl_easy_getinfo(client->curl, CURLINFO_NUM_CONNECTS, &reply->connections_opened);
	reply->head = head.data;
	reply->body = (unsigned char *)body.data;
	reply->body_size = body.size;
	if (reply->status)
		record(request, reply);
	curl_slist_free_all(headers);
	free(url);
	return reply->status;
}

void client_reply_release(struct client_reply *reply)
{
	free(reply->head);
	free(reply->body);
	memset(reply, 0, sizeof(*reply));
}

long client_ask(struct client *client, const char *method, const char *target, const char *header,
		struct client_reply *reply)
{
	const char *headers[] = { header, NULL };
	struct client_request request = { .method = method, .target = target, .headers = headers };

	return client_send(client, &request, reply);
}

long client_put(struct client *client, const char *target, const void *body, size_t body_size,
		const char *header, struct client_reply *reply)
{
	const char *headers[] = { header, NULL };
	struct client_request request = { .method = "PUT", .target = target, .headers = headers,
					  .body = body, .body_size = body_size, .has_body = true };

	return client_send(client, &request, reply);
}

long client_status(struct client *client, const char *method, const char *target)
{
	struct client_reply reply;
	long status = client_ask(client, method, target, NULL, &reply);

	client_reply_release(&reply);
	return status;
}

long client_put_status(struct client *client, const char *target, const char *text)
{
	struct client_reply reply;
	long status = client_put(client, target, text, strlen(text), NULL, &reply);

	client_reply_release(&reply);
	return status;
}

const char *client_header(const struct client_reply *reply, const char *name,
			  char out[CLIENT_HEADER_BYTES])
{
	size_t name_size = strlen(name);
	const char *line = reply->head;

	while (line && *line) {
		const char *end = strstr(line, "\r\n");

		if (end && strncasecmp(line, name, name_size) == 0 && line[name_size] == ':') {
			line += name_size + 1;
			line += strspn(line, " \t");
			snprintf(out, CLIENT_HEADER_BYTES, "%.*s", (int)(end - line), line);
			return out;
		}
		line = end ? end + 2 : NULL;
	}
	return NULL;
}
