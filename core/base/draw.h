/* Pictures, by gnuplot. [main] */
#ifndef RNF_BASE_DRAW_H
#define RNF_BASE_DRAW_H

/* See `draw` in rnframe/host.h. */
const char *rnf_draw(const char *dir, const char *script, const char *const *pictures);

#endif
