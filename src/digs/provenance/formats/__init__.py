"""The record in the formats that reviewers' tools read: a Workflow Run RO-Crate, codecheck.yml and codemeta.json."""
