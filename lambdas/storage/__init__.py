"""The table and the bucket: records, XComs, what writing them means (`store`), and the layers below."""
