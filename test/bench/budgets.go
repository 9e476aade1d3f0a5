package main

import "fmt"

// budget is what the project asks of itself, of the row with everything on. It is a figure, or where it is a ratio one to
// nginx, which only passes bytes on, in the same run.
type budget struct {
	what  string
	m     metric
	most  float64
	unit  string
	scale float64 // of the metric to the unit; 0 for a ratio
}

var budgets = []budget{
	{"CPU of an event, 1 in flight", oneCPU, 1, "× nginx", 0},
	{"CPU of an event, 8 in flight", eightCPU, 1, "× nginx", 0},
	{"an idle session", idleBytes, 4, "KB", 1024},
	{"CPU to open a session", idleOpen, 200, "µs", 1000},
}

// budgets prints them beside what was measured.
func (r *report) budgets() {
	full, nginx := r.find("full"), r.find("nginx")
	fmt.Fprintf(r.w, "\n| budgets of siogw with JWT, Rego, contract and Wasm\t| at most\t| here\t|\t|\n|---\t|---\t|---\t|---\t|\n")
	for _, b := range budgets {
		got, ok := b.measured(full, nginx)
		here, result := "-", "not measured"
		if ok {
			here = fmt.Sprintf("%.2f", got)
			if result = "met"; got > b.most {
				result = "missed"
			}
		}
		fmt.Fprintf(r.w, "| %s\t| %g %s\t| %s\t| %s\t|\n", b.what, b.most, b.unit, here, result)
	}
}

func (b *budget) measured(full, nginx *turn) (float64, bool) {
	if b.scale == 0 {
		return against(full, nginx, b.m)
	}
	if full == nil || len(full.values[b.m]) == 0 {
		return 0, false
	}
	return median(full.values[b.m]) / b.scale, true
}

func (r *report) find(name string) *turn {
	for _, t := range r.turns {
		if t.row.name == name {
			return t
		}
	}
	return nil
}
