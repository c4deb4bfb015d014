/* JSON as the core writes it. [main] */
#ifndef RNF_BASE_JSON_H
#define RNF_BASE_JSON_H

#include <jansson.h>
#include <rnframe/abi.h>

/* Make jansson end the program when it has no memory, as the arena does, so that no
 * caller checks each result. Call it first. */
void rnf_json_init(void);
/* A number, or null for NaN and infinity, which JSON does not have. */
json_t *rnf_json_number(double value);
/* Words of a command line or of a file may hold any bytes, JSON is UTF-8. NULL gives
 * null. */
json_t *rnf_json_word(const char *text);
/* Read a file of a run folder. */
rnf_status rnf_json_load(const char *path, json_t **json);
/* The same; NULL when it is missing or, with a warning, when it cannot be used. */
json_t *rnf_json_read(const char *path);
/* Create or replace a file; takes over the object. */
rnf_status rnf_json_write(json_t *json, const char *path);

#endif
