"""The pages for reviewers: a static web site in which every figure, table and number leads to its proof."""
