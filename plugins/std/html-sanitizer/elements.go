package main

import "strings"

// elements are the names of HTML, and of the elements of SVG and MathML that attacks use, past and present.
var elements = set(`a abbr acronym address animate animatemotion animatetransform annotation-xml applet area
	article aside audio b base basefont bdi bdo bgsound big blink blockquote body br button canvas caption center
	circle cite code col colgroup command content data datalist dd defs del desc details dfn dialog dir div dl dt
	element ellipse em embed fieldset figcaption figure font footer foreignobject form frame frameset g
	glyph h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe image img input ins isindex kbd keygen label
	layer legend li line link listing main map mark marquee math menu menuitem meta meter mglyph mi mn mo ms mtext
	multicol nav nextid nobr noembed noframes noscript object ol optgroup option output p param path picture
	plaintext polygon polyline portal pre progress q rb rect rp rt rtc ruby s samp script search section select
	set shadow slot small source spacer span strike strong style sub summary sup svg symbol table tbody td
	template text textarea tfoot th thead time title tr track tspan tt u ul use var video view wbr xmp xml`)

func set(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}
