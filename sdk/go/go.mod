module github.com/siogw/siogw/sdk/go

go 1.26.0
