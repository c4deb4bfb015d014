#include "base/meter.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

static const double first_s = 1, redraw_s = 0.1, report_s = 60;

int rnf_meter_terminal(void)
{
	return isatty(STDERR_FILENO);
}

void rnf_meter_clear(void)
{
	if (rnf_meter_terminal()) fputs("\r\033[K", stderr);
}

const char *rnf_meter_time(char text[32], double seconds)
{
	if (!isfinite(seconds)) return "?";
	const long long s = (long long)(seconds + 0.5);
	if (s < 3600) snprintf(text, 32, "%lld:%02lld", s / 60, s % 60);
	else snprintf(text, 32, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
	return text;
}

void rnf_meter_begin(struct rnf_meter *m, const char *what, int64_t total)
{
	*m = (struct rnf_meter){ .what = what, .total = total, .start = rnf_now() };
	m->next = m->start + first_s;
}

void rnf_meter_tell(struct rnf_meter *m, int64_t done)
{
	char time[32];
	const double now = rnf_now(), took = now - m->start;
	if (now < m->next) return;
	m->next = now + (rnf_meter_terminal() ? redraw_s : report_s);
	m->drawn = 1;
	rnf_meter_clear();
	fprintf(stderr, "%s: %" PRId64 " of %" PRId64 ", %.0f a second, %s left%s", m->what, done,
		m->total, (double)done / took,
		rnf_meter_time(time, (double)(m->total - done) * took / (double)done),
		rnf_meter_terminal() ? "" : "\n");
	fflush(stderr);
}

void rnf_meter_end(struct rnf_meter *m, int64_t done)
{
	char time[32];
	const double took = rnf_now() - m->start;
	if (!m->drawn) return;
	rnf_meter_clear();
	fprintf(stderr, "%s: %" PRId64 " in %s, %.0f a second\n", m->what, done,
		rnf_meter_time(time, took), (double)done / took);
}
