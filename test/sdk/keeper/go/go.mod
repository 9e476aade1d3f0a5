module github.com/siogw/siogw/test/sdk/keeper/go

go 1.26.0

require github.com/siogw/siogw/sdk/go v0.0.0

replace github.com/siogw/siogw/sdk/go => ../../../../sdk/go
