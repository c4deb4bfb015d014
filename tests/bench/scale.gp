# Four panels of how a training step grows. Given: folder (of the data, and for the
# pictures) and cpu. Columns of the data: x, ms a step, peak MB, images/s.
# Colours: Okabe and Ito 2008, told apart by all kinds of colour vision.
blue = '#0072B2'
orange = '#D55E00'
set style line 1 linewidth 2 linecolor rgb blue pointtype 7 pointsize 0.8
set style line 2 linewidth 2 linecolor rgb orange pointtype 5 pointsize 0.8 dashtype 2
set style line 3 linewidth 1.5 linecolor rgb '#888888' dashtype 3
set grid xtics ytics linetype 1 linewidth 1 linecolor rgb '#DDDDDD'
set border linecolor rgb '#444444'
set tics nomirror
set key Left reverse samplen 2
set ytics textcolor rgb blue
set y2tics textcolor rgb orange

data(name) = folder.'/'.name.'.dat'
stats data('depth') using 1:2 name 'D' nooutput
stats data('batch') using 1:2 name 'B' nooutput
stats data('batch') using 1:3 name 'BM' nooutput
stats data('size') using 1:2 name 'S' nooutput
stats data('size') using 1:3 name 'SM' nooutput
stats data('threads') using 1:4 name 'T' nooutput
png = strstrt(GPVAL_TERMINALS, 'pngcairo') ? 'pngcairo' : 'png'

do for [i = 1:2] {
	if (i == 1) { set terminal @png size 1200,900 font 'Sans,11' }
	if (i == 2) { set terminal svg size 1200,900 font 'Sans,14' background rgb 'white' }
	set output folder.(i == 1 ? '/scale.png' : '/scale.svg')
	set multiplot layout 2,2 title "How a training step of SE-MXResNet20 grows (".cpu.", fp32)" noenhanced \
		margins 0.08,0.92,0.08,0.90 spacing 0.20,0.14

	unset logscale
	set key bottom right
	set title 'depth, at batch 128'
	set xlabel 'layers'
	set ylabel 'time of a step, ms' textcolor rgb blue
	set y2label 'peak memory, MB' textcolor rgb orange
	set xtics (20, 32, 44, 56)
	set y2tics auto
	set xrange [17:59]
	set yrange [0:*]
	set y2range [0:*]
	plot D_max_y / D_max_x * x with lines linestyle 3 title 'in proportion', \
	     data('depth') using 1:2 with linespoints linestyle 1 title 'time', \
	     '' using 1:3 axes x1y2 with linespoints linestyle 2 title 'memory'

	set logscale x 2
	set logscale y 10
	set logscale y2 10
	set y2tics (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000)
	set title 'batch'
	set key top left
	set xlabel 'images a step'
	set xtics auto
	set xrange [0.8:1280]
	set yrange [B_min_y / 2:B_max_y * 2]
	set y2range [BM_min_y / 1.5:BM_max_y * 2]
	plot B_max_y / B_max_x * x with lines linestyle 3 title 'in proportion', \
	     data('batch') using 1:2 with linespoints linestyle 1 title 'time', \
	     '' using 1:3 axes x1y2 with linespoints linestyle 2 title 'memory'

	set title 'image size, at batch 16'
	set xlabel 'side of the image, pixels'
	set xtics (32, 64, 128, 224)
	set xrange [28:256]
	set yrange [S_min_y / 2:S_max_y * 2]
	set y2range [SM_min_y / 1.5:SM_max_y * 2]
	plot S_max_y * (x / S_max_x)**2 with lines linestyle 3 title 'as the pixels', \
	     data('size') using 1:2 with linespoints linestyle 1 title 'time', \
	     '' using 1:3 axes x1y2 with linespoints linestyle 2 title 'memory'

	unset logscale
	set key bottom right
	set title 'threads, at batch 128'
	set xlabel 'threads'
	set ylabel 'speed, images/s' textcolor rgb blue
	set xtics auto
	if (T_max_x <= 16) { set xtics 1 }
	set y2tics auto
	set xrange [0:T_max_x * 1.1]
	set yrange [0:*]
	set y2range [0:*]
	plot T_min_y / T_min_x * x with lines linestyle 3 title 'in proportion', \
	     data('threads') using 1:4 with linespoints linestyle 1 title 'speed', \
	     '' using 1:3 axes x1y2 with linespoints linestyle 2 title 'memory'
	unset multiplot
	set output
}
