/* Checks one value against the row of its parameter: what the row wants, as text, and
 * overrides typed by it. Private to this folder. */
#ifndef RNF_PLUGIN_VALUE_H
#define RNF_PLUGIN_VALUE_H

#include <rnframe/param.h>
#include "conf/conf.h"

int rnf_value_is_list(uint32_t type);
int rnf_value_has_range(const struct rnf_param *row);
/* INT64_MAX as a double is one too large. */
int64_t rnf_value_whole(double number);
/* Compare whole numbers as such: not every one is a double. */
int rnf_value_fits(const struct rnf_param *row, int64_t value);
/* What must hold for a text that becomes part of file and tensor names, when this one
 * breaks it; NULL: it may stay. */
const char *rnf_value_name(const char *text);
/* "1 .. 8", "0 or more", or "" without a range. */
const char *rnf_value_range(const struct rnf_param *row);
/* "\"same\" or \"valid\"" */
const char *rnf_value_choices(const struct rnf_param *row);
/* "layer|block" as layer/block. */
const char *rnf_value_kinds(const char *kinds);
/* `what`, then the range: "a number, 0 .. 1". */
const char *rnf_value_numbers(const struct rnf_param *row, const char *what);
/* For a whole number that is not written as one: how to write it. */
const char *rnf_value_whole_numbers(const struct rnf_param *row, const struct rnf_conf *node);
/* What a row wants, to follow "must be". */
const char *rnf_value_wanted(const struct rnf_param *row);
/* Fail: conf/a.cfg:41: model.layers[2].stride is 0, must be ... */
rnf_status rnf_value_refuse(const struct rnf_conf *node, const char *must);
/* Convert RAW text to a node of the row's type, where possible. */
void rnf_value_type(struct rnf_conf *node, uint32_t type);

#endif
