/* Pictures, by gnuplot. [main] */
#ifndef RNF_BASE_DRAW_H
#define RNF_BASE_DRAW_H

/* As rnframe/host.h says of `draw`. */
const char *rnf_draw(const char *dir, const char *script, const char *const *pictures);

#endif
