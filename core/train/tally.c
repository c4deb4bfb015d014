#include "train/tally.h"

#include <math.h>
#include <rnframe/training.h>
#include <string.h>

#include "base/arena.h"

void rnf_tally_init(struct rnf_tally *t, int64_t classes)
{
	memset(t, 0, sizeof *t);
	t->classes = classes;
	t->confusion = rnf_alloc((size_t)(classes * classes) * sizeof *t->confusion);
	t->undecided = rnf_alloc((size_t)classes * sizeof *t->undecided);
	t->probs = rnf_alloc((size_t)classes * sizeof *t->probs);
}

void rnf_tally_keep(struct rnf_tally *t, int64_t n)
{
	t->predictions = rnf_alloc((size_t)n * sizeof *t->predictions);
}

/* -- an image -- */

/* How many classes rank above `class`; a NaN ranks below all numbers. */
static int64_t rank(int64_t k, const float *logits, int64_t class)
{
	int64_t above = 0;
	if (isnan(logits[class])) return k;
	for (int64_t i = 0; i < k; i++)
		above += i < class ? logits[i] >= logits[class]
				   : logits[i] > logits[class];
	return above;
}

static void add_to_bin(struct rnf_tally *t, double confidence, int right)
{
	const double place = ceil(confidence * RNF_TALLY_BINS) - 1;
	const int b = place < 0 ? 0 : place < RNF_TALLY_BINS ? (int)place : RNF_TALLY_BINS - 1;
	t->bins[b].count++;
	t->bins[b].right += right;
	t->bins[b].confidence += confidence;
}

static void keep(const struct rnf_tally *t, int64_t label, int64_t class, const float *logits,
		 const float *probs, double cross_entropy)
{
	const int64_t as = isnan(logits[class]) ? -1 : class;
	if (!t->predictions) return;
	t->predictions[t->n] = (struct rnf_prediction){
		.index = t->n, .label = (int32_t)label, .class = (int32_t)as,
		.p_label = probs[label], .p_class = probs[class],
		.cross_entropy = cross_entropy };
}

void rnf_tally_add(struct rnf_tally *t, const float *target, const float *logits,
		   const float *probs, double cross_entropy)
{
	const int64_t k = t->classes;
	const int64_t label = rnf_largest(k, target), class = rnf_largest(k, logits);
	keep(t, label, class, logits, probs, cross_entropy);
	t->n++;
	t->cross_entropy += cross_entropy;
	if (isnan(logits[class])) {
		t->undecided[label]++;
		return;
	}
	t->confusion[label * k + class]++;
	for (int64_t i = rank(k, logits, label); i < RNF_TALLY_TOP; i++)
		t->within[i]++;
	add_to_bin(t, probs[class], class == label);
}

/* -- figures -- */

static double ratio(double part, double whole)
{
	return whole > 0 ? part / whole : 0;
}

struct rnf_class_figures rnf_tally_class(const struct rnf_tally *t, int64_t class)
{
	const int64_t k = t->classes, right = t->confusion[class * k + class];
	int64_t support = t->undecided[class], as = 0; /* predicted so */
	for (int64_t i = 0; i < k; i++) {
		support += t->confusion[class * k + i];
		as += t->confusion[i * k + class];
	}
	return (struct rnf_class_figures){
		.precision = ratio((double)right, (double)as),
		.recall = ratio((double)right, (double)support),
		.f1 = ratio(2 * (double)right, (double)(support + as)),
		.support = support,
	};
}

struct rnf_class_figures rnf_tally_average(const struct rnf_tally *t, int weighted)
{
	struct rnf_class_figures sum = { .support = t->n };
	for (int64_t i = 0; i < t->classes; i++) {
		const struct rnf_class_figures c = rnf_tally_class(t, i);
		const double weight = weighted ? (double)c.support : 1;
		sum.precision += weight * c.precision;
		sum.recall += weight * c.recall;
		sum.f1 += weight * c.f1;
	}
	const double all = (double)(weighted ? t->n : t->classes);
	sum.precision = ratio(sum.precision, all);
	sum.recall = ratio(sum.recall, all);
	sum.f1 = ratio(sum.f1, all);
	return sum;
}

double rnf_tally_accuracy(const struct rnf_tally *t)
{
	return ratio((double)t->within[0], (double)t->n);
}

int64_t rnf_tally_undecided(const struct rnf_tally *t)
{
	int64_t sum = 0;
	for (int64_t i = 0; i < t->classes; i++)
		sum += t->undecided[i];
	return sum;
}

double rnf_tally_calibration(const struct rnf_tally *t)
{
	double sum = 0;
	if (rnf_tally_undecided(t) > 0) return NAN;
	for (int b = 0; b < RNF_TALLY_BINS; b++)
		sum += fabs((double)t->bins[b].right - t->bins[b].confidence);
	return ratio(sum, (double)t->n);
}

struct rnf_interval rnf_wilson(double share, int64_t n)
{
	const double z = 1.959963984540054; /* leaves 2.5 % on either side */
	const double spread = z * z / (double)n;
	const double centre = share + spread / 2;
	const double half = z * sqrt(share * (1 - share) / (double)n +
				     spread / (double)n / 4);
	/* Rounding must not move the ends that are exact. */
	return (struct rnf_interval){
		.low = share > 0 ? (centre - half) / (1 + spread) : 0,
		.high = share < 1 ? (centre + half) / (1 + spread) : 1 };
}
