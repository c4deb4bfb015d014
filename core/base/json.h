/* JSON as the core writes it. [main] */
#ifndef RNF_BASE_JSON_H
#define RNF_BASE_JSON_H

#include <jansson.h>
#include <rnframe/abi.h>

/* From now on jansson ends the program where it has no memory, as set-up memory
 * does: nobody looks at each of its results. First thing in the program. */
void rnf_json_init(void);
/* JSON has no NaN and no infinity: null. */
json_t *rnf_json_number(double value);
/* Words of a command line or a file may be any bytes, JSON's are UTF-8. NULL
 * gives null. */
json_t *rnf_json_word(const char *text);
/* From a file of a run folder. */
rnf_status rnf_json_load(const char *path, json_t **json);
/* The same; NULL, with a warning when it is there and cannot be used. */
json_t *rnf_json_read(const char *path);
/* To a file that is created or replaced; takes the object. */
rnf_status rnf_json_write(json_t *json, const char *path);

#endif
