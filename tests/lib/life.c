/* SPDX-License-Identifier: MIT */
#include "lib/life.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

unsigned long long life_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (unsigned long long)now.tv_sec * 1000 + (unsigned long long)now.tv_nsec / 1000000;
}

bool life_may_be(const struct life *life, struct life_span span)
{
	return life->version != 0 && (life->expires_ms == 0 || span.sent_ms < life->expires_ms);
}

bool life_may_be_over(const struct life *life, struct life_span span)
{
	return life->version == 0 ||
	       (life->expires_ms != 0 && span.answered_ms >= life->expires_ms);
}

unsigned long long life_expires_ms(const struct client_reply *reply, bool *wrong_out)
{
	char text[CLIENT_HEADER_BYTES];
	struct tm day = {.tm_isdst = 0};
	unsigned milliseconds;
	int end = 0;

	if (client_header(reply, "Aryavarth-Expires", text) == NULL)
		return 0;
	if (sscanf(text, "%d-%d-%dT%d:%d:%d.%3uZ%n", &day.tm_year, &day.tm_mon, &day.tm_mday,
		   &day.tm_hour, &day.tm_min, &day.tm_sec, &milliseconds, &end) != 7 ||
	    end == 0 || text[end] != '\0') {
		*wrong_out = true;
		return 0;
	}
	day.tm_year -= 1900;
	day.tm_mon -= 1;
	return (unsigned long long)timegm(&day) * 1000 + milliseconds;
}
