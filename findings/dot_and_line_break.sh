#!/bin/sh
# One matcher, two answers: in Prometheus 3 the dot of a label matcher matches a line break, in Alertmanager it does not.
#
# A PromQL selector `description=~".*disk.*"` selects a series whose label has several lines since Prometheus 3.0; a silence or a
# route with the very same matcher, in any Alertmanager up to the newest tried, does not match it. `(?s)` before the expression
# makes both match, `(?-s:.)` makes neither. Seen with go 1.26.8 in November 2026:
#
#   prometheus/prometheus v0.55.1  (2.55.1)   .*disk.* false   (?s).*disk.* true
#   prometheus/prometheus v0.300.0 (3.0.0)    .*disk.* true    (?s).*disk.* true
#   prometheus/prometheus v0.316.0 (3.16.0)   .*disk.* true    (?s).*disk.* true
#   prometheus/alertmanager v0.25.0           .*disk.* false   (?s).*disk.* true
#   prometheus/alertmanager v0.35.0           .*disk.* false   (?s).*disk.* true
#
# Needs go 1.24 or newer and the Go module proxy. Exits 1 when a version answers otherwise.
set -eu

folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT

ask() { # package, version -> one line of answers
    mkdir "$folder/$2"
    cd "$folder/$2"
    cat >main.go <<GO
package main

import (
	"fmt"
	"os"

	"$1"
)

func main() {
	for _, pattern := range os.Args[1:] {
		matcher, err := labels.NewMatcher(labels.MatchRegexp, "description", pattern)
		if err != nil {
			panic(err)
		}
		fmt.Println(pattern, matcher.Matches("first line\ndisk is full\nlast line"))
	}
}
GO
    go mod init asked >log 2>&1 && go get "$1@$2" >>log 2>&1 && go build -o asked . >>log 2>&1 || { cat log >&2; exit 2; }
    ./asked '.*disk.*' '(?s).*disk.*' '(?-s:.*)disk.*' | tr '\n' ' '
}

expect() { # package, version, the answer to the bare dot
    got=$(ask "$1" "$2")
    echo "$1 $2: $got"
    [ "$got" = ".*disk.* $3 (?s).*disk.* true (?-s:.*)disk.* false " ] || { echo "that has changed" >&2; exit 1; }
}

export GOFLAGS=-mod=mod
expect github.com/prometheus/prometheus/model/labels v0.55.1 false
expect github.com/prometheus/prometheus/model/labels v0.300.0 true
expect github.com/prometheus/prometheus/model/labels v0.316.0 true
expect github.com/prometheus/alertmanager/pkg/labels v0.25.0 false
expect github.com/prometheus/alertmanager/pkg/labels v0.35.0 false
