// The contents of the paper are folded where they would stand in the way of its text.
"use strict";
document.querySelector(".contents details").open = matchMedia("(min-width: 66rem)").matches;
