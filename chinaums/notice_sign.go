package chinaums

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// NoticeText is the text that the platform signs in a notice: every received
// parameter but sign and those that are empty or white space, sorted by name
// in byte order, as name=value joined with &. Values are decoded once; nested
// JSON stands as it was received.
func NoticeText(params map[string]string) string {
	names := signedNames(params)
	pairs := make([]string, len(names))
	for i, name := range names {
		pairs[i] = name + "=" + params[name]
	}
	return strings.Join(pairs, "&")
}

// signedNames are the names of the signed parameters, in the order of the text.
func signedNames(params map[string]string) []string {
	names := make([]string, 0, len(params))
	for name := range params {
		if name != "sign" && stated(params, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// The text to sign escapes nothing, so that one text, and one signature, can
// stand for several sets of fields: a=1&mid=2 is two fields, or one whose value
// is "1&mid=2". Believed is only what has plain names alone, and no value with an
// & and a name and an = in it: any name in a field that the business needs, a
// name of the pages in any other. An object is believed whole: cut at an & in one
// of its strings, or with a field behind it, it is no JSON any more. What has the
// same text then agrees in all that the business needs. An & in other company,
// such as in the address of a web page, says nothing.
var (
	plainField  = regexp.MustCompile(`^[0-9A-Za-z_.\[\]-]+$`)
	hiddenField = regexp.MustCompile(`&([0-9A-Za-z_.\[\]-]+)=`)
)

// ambiguous names a signed field that could be read as several; not ok: none.
func ambiguous(params map[string]string) (name string, ok bool) {
	for _, name := range signedNames(params) {
		if !plainField.MatchString(name) || hidesField(name, params[name]) {
			return name, true
		}
	}
	return "", false
}

// hidesField says whether a value could hold another field that matters, or lack
// a part that another field has.
func hidesField(name, value string) bool {
	if value = strings.TrimSpace(value); blocks[name] && strings.HasPrefix(value, "{") {
		return !json.Valid([]byte(value))
	}
	for _, hidden := range hiddenField.FindAllStringSubmatch(value, -1) {
		if needed[name] || known[hidden[1]] || blocks[hidden[1]] {
			return true
		}
	}
	return false
}

// ownValue is what is a value's own in every reading of the text.
func ownValue(name, value string) string {
	if at := hiddenField.FindStringIndex(value); at != nil && !blocks[name] {
		return value[:at[0]]
	}
	return value
}

// NoticeMD5 signs a text with the communication key (通讯密钥, not the AppKey);
// lower-case hex.
func NoticeMD5(text string, key Secret) string {
	sum := md5.Sum([]byte(text + key.reveal()))
	return hex.EncodeToString(sum[:])
}

// NoticeSHA256 signs a text with the communication key; lower-case hex.
func NoticeSHA256(text string, key Secret) string {
	sum := sha256.Sum256([]byte(text + key.reveal()))
	return hex.EncodeToString(sum[:])
}

// VerifyNotice checks the signature of a notice's parameters. Without a
// signType the length of sign tells the algorithm, because the vendor's
// specifications contradict each other. A signature that would hold for other
// fields, too, holds for none. The error matches ErrSignature and never shows
// the signature.
func VerifyNotice(params map[string]string, key Secret, allowMD5 bool) error {
	if key.Empty() {
		return fmt.Errorf("%w: there is no key to check it with", ErrSignature)
	}
	given := strings.ToLower(params["sign"])
	algorithm, err := noticeAlgorithm(params["signType"], len(given))
	if err != nil {
		return err
	}
	want := NoticeSHA256
	if algorithm == "MD5" {
		if !allowMD5 {
			return fmt.Errorf("%w: MD5 is not allowed", ErrSignature)
		}
		want = NoticeMD5
	}
	if subtle.ConstantTimeCompare([]byte(want(NoticeText(params), key)), []byte(given)) != 1 {
		return fmt.Errorf("%w: it was made with another key or of other content", ErrSignature)
	}
	if name, found := ambiguous(params); found {
		return fmt.Errorf("%w: %q could also be read as several fields", ErrSignature, plainName(name))
	}
	return nil
}

func noticeAlgorithm(signType string, length int) (string, error) {
	bySize := map[int]string{32: "MD5", 64: "SHA256"}[length]
	named := strings.ReplaceAll(strings.ToUpper(strings.TrimSpace(signType)), "-", "")
	switch {
	case bySize == "":
		return "", fmt.Errorf("%w: sign has %d characters, not 32 or 64", ErrSignature, length)
	case named != "" && named != bySize:
		return "", fmt.Errorf("%w: signType does not fit a sign of %d characters", ErrSignature, length)
	}
	return bySize, nil
}
