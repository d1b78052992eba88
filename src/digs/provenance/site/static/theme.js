// Sets the theme before anything is drawn: the one chosen here before, else that of the system.
"use strict";
(function () {
  let chosen = null;
  try { chosen = localStorage.getItem("digs-theme"); } catch (error) { /* storage may be forbidden */ }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
