package main

// notExpected is said where notices are there that nobody is told to look at.
const notExpected = "notices are stored, but notices.expected is false and notices.listen is empty: what they say against the bills, " +
	"and which are missing, changed or forged, is not judged; try: notices: {expected: true}"
