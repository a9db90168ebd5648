module mirrorgen.dev/gen/engines/protocol

go 1.26.6
