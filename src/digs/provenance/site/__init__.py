"""The reviewer's pages: a static web site of figures, tables, numbers, stages, claims and the paper, each with its proof."""
