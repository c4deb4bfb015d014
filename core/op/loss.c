/* The loss of each image and its gradient, computed by a plugin. Ends the forward pass. */
#include "op/op.h"

static void loss(const struct rnf_image_io *io)
{
	*io->out = (float)io->loss->loss(io->loss_self, (size_t)io->x[0]->c, io->in[0],
					 io->target);
}

/* Of the batch's mean. */
static void bwd(const struct rnf_image_io *io)
{
	io->loss->gradient(io->loss_self, (size_t)io->x[0]->c, io->in[0], io->target,
			   1.0f / (float)io->images, io->out);
}

const struct rnf_op_row rnf_op_row_loss = {
	.name = "loss", .words = "loss", .class = RNF_HEAVY, .in = { RNF_IS("logits", IMAGE) },
	.rows = 1, .image = loss,
};
const struct rnf_op_row rnf_op_row_loss_bwd = {
	.name = "loss_bwd", .words = "loss", .class = RNF_HEAVY, .in = { RNF_IS("logits", IMAGE) },
	.rows = 1, .image = bwd,
};
