package ledger

// nearest is the choice that takes the fewest edits to reach from word, case
// of ASCII letters aside; empty when none is near. Nobody mistypes a heading
// of hundreds of bytes, or has a thousand of them: those are not looked at.
func nearest(word string, choices []string) string {
	best, least := "", 0
	for _, c := range choices[:min(len(choices), 1000)] {
		if len(c) > 300 {
			continue
		}
		a, b := []rune(Fold(word)), []rune(Fold(c))
		d, longest := distance(a, b), max(len(a), len(b))
		if d <= min(2, max(1, (longest+1)/3)) && d < longest && (best == "" || d < least) {
			best, least = c, d
		}
	}
	return best
}

// distance is Levenshtein's.
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
