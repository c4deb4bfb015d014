/* jpeg: baseline and progressive JPEG, in colour or grey, with the slow and exact inverse
 * cosine transform and smooth upsampling of colours. Neither CMYK nor 12 bits. */
/* needs: libjpeg */
#include <rnframe/decoder.h>
#include <rnframe/exif.h>

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

enum {
	MARKER_MAX = 0xffff,
	SCANS_MAX = 256, /* a progressive file has some ten; thousands would take minutes */
};

/* How the markers APP1 begin, with the zero that ends the name. */
static const char exif_name[] = "Exif\0", xmp_name[] = "http://ns.adobe.com/xap/1.0/";

static const char *const endings[] = { ".jpg", ".jpeg", ".jpe", ".jfif", NULL };

struct reader {
	struct jpeg_decompress_struct jpeg;
	struct jpeg_error_mgr error;
	struct jpeg_progress_mgr progress;
	const struct rnf_host *host;
	rnf_status status;
	jmp_buf back;
};

static int probe(const uint8_t *head, size_t n)
{
	return n >= 3 && head[0] == 0xff && head[1] == 0xd8 && head[2] == 0xff;
}

static struct reader *reader_of(j_common_ptr jpeg)
{
	return (struct reader *)jpeg->client_data;
}

/* The library's own words. */
static void stop(j_common_ptr jpeg)
{
	struct reader *r = reader_of(jpeg);
	char words[JMSG_LENGTH_MAX];
	r->error.format_message(jpeg, words);
	r->status = r->error.msg_code == JERR_OUT_OF_MEMORY
		? r->host->fail(RNF_ENOMEM, "no memory for a JPEG")
		: r->host->fail(RNF_EINVAL, "a broken JPEG: %s", words);
	longjmp(r->back, 1);
}

/* Warnings are about odd bytes that a viewer survives, except that the data has ended. */
static void warn(j_common_ptr jpeg, int level)
{
	struct reader *r = reader_of(jpeg);
	if (level >= 0 || r->error.msg_code != JWRN_JPEG_EOF) return;
	r->status = r->host->fail(RNF_EINVAL, "the JPEG is cut");
	longjmp(r->back, 1);
}

static void count_scans(j_common_ptr jpeg)
{
	struct reader *r = reader_of(jpeg);
	if (r->jpeg.input_scan_number <= SCANS_MAX) return;
	r->status = r->host->fail(RNF_EINVAL, "the JPEG has more than %d scans", SCANS_MAX);
	longjmp(r->back, 1);
}

static void say_nothing(j_common_ptr jpeg)
{
	(void)jpeg;
}

static rnf_status check_colours(struct reader *r)
{
	const struct rnf_host *host = r->host;
	const J_COLOR_SPACE colours = r->jpeg.jpeg_color_space;
	if (colours == JCS_CMYK || colours == JCS_YCCK)
		return host->fail(RNF_EINVAL, "the JPEG is in CMYK, for print: convert it to RGB");
	if (colours != JCS_YCbCr && colours != JCS_RGB && colours != JCS_GRAYSCALE)
		return host->fail(RNF_EINVAL, "the JPEG has %d channels, must be grey or in colour",
				  r->jpeg.num_components);
	return RNF_OK;
}

static int begins(const struct jpeg_marker_struct *m, const char *name, size_t n)
{
	return m->marker == JPEG_APP0 + 1 && m->data_length >= n && !memcmp(m->data, name, n);
}

static int32_t orientation(const struct reader *r)
{
	int32_t exif = 0, xmp = 0;
	for (const struct jpeg_marker_struct *m = r->jpeg.marker_list; m; m = m->next)
		if (!exif && begins(m, exif_name, sizeof exif_name))
			exif = rnf_exif_orientation(m->data + sizeof exif_name,
						    m->data_length - sizeof exif_name);
		else if (begins(m, xmp_name, sizeof xmp_name))
			xmp = rnf_xmp_orientation(m->data + sizeof xmp_name,
						  m->data_length - sizeof xmp_name);
	return exif ? exif : xmp ? xmp : 1;
}

static void read_header(struct reader *r, const uint8_t *bytes, size_t n)
{
	jpeg_mem_src(&r->jpeg, bytes, n);
	jpeg_save_markers(&r->jpeg, JPEG_APP0 + 1, MARKER_MAX);
	jpeg_read_header(&r->jpeg, TRUE);
}

/* What both do after the header; longjmp ends it. */
static rnf_status take_look(struct reader *r, struct rnf_picture_look *look)
{
	look->h = r->jpeg.image_height;
	look->w = r->jpeg.image_width;
	look->orientation = orientation(r);
	return check_colours(r);
}

static rnf_status take_pixels(struct reader *r, const struct rnf_picture_look *look,
			      uint8_t *rgb)
{
	struct jpeg_decompress_struct *jpeg = &r->jpeg;
	RNF_TRY(check_colours(r));
	jpeg->out_color_space = JCS_RGB;
	jpeg->dct_method = JDCT_ISLOW;
	jpeg_start_decompress(jpeg);
	if ((int64_t)jpeg->output_height != look->h || (int64_t)jpeg->output_width != look->w ||
	    jpeg->output_components != 3)
		return r->host->fail(RNF_EINVAL, "a broken JPEG: its size changes");
	while (jpeg->output_scanline < jpeg->output_height) {
		JSAMPROW row = rgb + (size_t)jpeg->output_scanline * (size_t)look->w * 3;
		jpeg_read_scanlines(jpeg, &row, 1);
	}
	jpeg_finish_decompress(jpeg);
	return RNF_OK;
}

/* rgb NULL: only take a look. */
static rnf_status run(const struct rnf_host *host, const uint8_t *bytes, size_t n,
		      struct rnf_picture_look *look, uint8_t *rgb)
{
	struct reader r = { .host = host, .status = RNF_OK };
	r.jpeg.err = jpeg_std_error(&r.error);
	r.error.error_exit = stop;
	r.error.emit_message = warn;
	r.error.output_message = say_nothing;
	r.progress.progress_monitor = count_scans;
	r.jpeg.client_data = &r;
	if (setjmp(r.back) == 0) {
		jpeg_create_decompress(&r.jpeg);
		r.jpeg.progress = &r.progress;
		read_header(&r, bytes, n);
		r.status = rgb ? take_pixels(&r, look, rgb) : take_look(&r, look);
	}
	jpeg_destroy_decompress(&r.jpeg);
	return r.status;
}

static rnf_status look(const struct rnf_host *host, const uint8_t *bytes, size_t n,
		       struct rnf_picture_look *look)
{
	return run(host, bytes, n, look, NULL);
}

static rnf_status decode(const struct rnf_host *host, const uint8_t *bytes, size_t n,
			 const struct rnf_picture_look *look, uint8_t *rgb)
{
	struct rnf_picture_look same = *look;
	return run(host, bytes, n, &same, rgb);
}

static const struct rnf_decoder_impl impl = {
	.endings = endings, .probe = probe, .look = look, .decode = decode };
RNF_PLUGIN(decoder, jpeg, "JPEG, by libjpeg-turbo", NULL, impl)
