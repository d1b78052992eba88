// What every page does: the choice of theme, the search over all pages, and pictures that grow at a click.
"use strict";
(function () {
  const up = document.body.dataset.up;

  // light or dark
  const dark = () => {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  };
  const button = document.getElementById("theme");
  const say = () => button.setAttribute("aria-pressed", String(dark()));
  say();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", say);
  button.addEventListener("click", () => {
    const next = dark() ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try { localStorage.setItem("digs-theme", next); } catch (error) { /* storage may be forbidden */ }
    say();
    document.dispatchEvent(new Event("digs-theme"));
  });

  // the search: entries with all words, or, where none has them all, those with most of them; words in names count most
  const MOST = 12;
  const SMALL_WORDS = new Set("a an and are do does how i in is it of on or the this to was were what where which who why".split(" "));
  const input = document.getElementById("search");
  const results = document.getElementById("search-results");
  const status = document.getElementById("search-status");
  const entries = (window.DIGS_SEARCH || []).map(([kind, name, about, address]) => ({
    kind, name, about, address, low: name.toLowerCase(), all: `${kind} ${name} ${about}`.toLowerCase(),
  }));

  const inside = (text, word) => {
    const place = text.indexOf(word);
    if (place < 0) return 0;
    const whole = (character) => !character || !/[\p{L}\p{N}]/u.test(character);
    return whole(text[place - 1]) ? (whole(text[place + word.length]) ? 3 : 2) : 1;
  };

  function found(text) {
    const all = text.toLowerCase().split(/[\s?!,;"']+/).filter(Boolean);
    const words = all.filter((word) => !SMALL_WORDS.has(word));
    if (!words.length) return [];
    const scored = entries.map((entry) => {
      const hits = words.filter((word) => entry.all.includes(word)).length;
      const weight = words.reduce((sum, word) => sum + 2 * inside(entry.low, word) + inside(entry.all, word), 0);
      return { entry, hits, score: weight - entry.low.length / 200 };
    }).filter((one) => one.hits);
    const most = Math.max(0, ...scored.map((one) => one.hits));
    const enough = most === words.length ? most : Math.max(1, Math.ceil(words.length / 2));
    return scored.filter((one) => one.hits >= enough)
      .sort((a, b) => b.hits - a.hits || b.score - a.score).map((one) => one.entry);
  }

  let chosen = -1;
  function choose(place) {
    const links = [...results.querySelectorAll("a")];
    chosen = links.length ? (place + links.length) % links.length : -1;
    links.forEach((link, number) => link.setAttribute("aria-selected", String(number === chosen)));
    if (chosen >= 0) {
      links[chosen].scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", links[chosen].id);
    } else {
      input.removeAttribute("aria-activedescendant");
    }
  }

  function show() {
    const all = found(input.value);
    results.replaceChildren(...all.slice(0, MOST).map((entry, number) => {
      const link = document.createElement("a");
      link.href = up + entry.address;
      link.id = `found-${number}`;
      link.setAttribute("role", "option");
      const kind = document.createElement("span");
      kind.className = "kind";
      kind.textContent = entry.kind;
      const name = document.createElement("strong");
      name.textContent = entry.name;
      link.append(kind, name, document.createTextNode(` ${entry.about}`.slice(0, 160)));
      return link;
    }));
    if (input.value.trim() && !all.length) {
      const nothing = document.createElement("p");
      nothing.textContent = "Nothing has these words.";
      results.append(nothing);
    } else if (all.length > MOST) {
      const more = document.createElement("p");
      more.textContent = `and ${all.length - MOST} more; add a word`;
      results.append(more);
    }
    status.textContent = !input.value.trim() ? "" : all.length ? `${all.length} found` : "Nothing has these words.";
    results.hidden = !input.value.trim();
    input.setAttribute("aria-expanded", String(!results.hidden));
    choose(-1 + (all.length ? 1 : 0));
  }

  input.addEventListener("input", show);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
      event.preventDefault();
    } else if (event.key === "Escape") {
      input.value = "";
      show();
    }
  });
  document.getElementById("search-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const link = results.querySelectorAll("a")[Math.max(chosen, 0)];
    if (link) location.href = link.href;
  });
  const close = () => {
    results.hidden = true;
    input.setAttribute("aria-expanded", "false");
  };
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#search-results, #search-form")) close();
  });
  input.addEventListener("blur", (event) => {
    if (!results.contains(event.relatedTarget)) close();
  });
  results.addEventListener("mousedown", (event) => event.preventDefault()); // a click on a result keeps the box in focus
  input.addEventListener("focus", show);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.closest("input, textarea, select")) {
      input.focus();
      event.preventDefault();
    }
  });

  // pictures of figures, enlarged at a click
  for (const link of document.querySelectorAll("a.enlarge")) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      enlarge(link.href, link.querySelector("img").alt);
    });
  }

  function enlarge(source, words) {
    const dialog = document.createElement("dialog");
    dialog.className = "zoom";
    dialog.setAttribute("aria-label", "The picture, enlarged");
    const controls = document.createElement("div");
    controls.className = "controls";
    const picture = document.createElement("img");
    picture.src = source;
    picture.alt = words;
    let width = 100; // per cent of the window
    const resize = (factor) => {
      width = Math.min(800, Math.max(20, width * factor));
      picture.style.width = `${width}%`;
    };
    for (const [text, label, act] of [
      ["+", "Larger", () => resize(1.4)], ["−", "Smaller", () => resize(1 / 1.4)], ["×", "Close", () => dialog.close()],
    ]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = text;
      button.setAttribute("aria-label", label);
      button.addEventListener("click", act);
      controls.append(button);
    }
    dialog.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      resize(event.deltaY < 0 ? 1.15 : 1 / 1.15);
    }, { passive: false });
    dialog.addEventListener("click", (event) => { // beside the dialog
      const { left, right, top, bottom } = dialog.getBoundingClientRect();
      const within = event.clientX >= left && event.clientX <= right && event.clientY >= top && event.clientY <= bottom;
      if (event.target === dialog && !within) dialog.close();
    });
    dialog.addEventListener("close", () => dialog.remove());
    dialog.append(controls, picture);
    document.body.append(dialog);
    dialog.showModal();
    picture.decode().catch(() => null).then(() => { // at first all of it is seen
      const room = dialog.clientHeight - controls.offsetHeight;
      const height = picture.naturalHeight * dialog.clientWidth / (picture.naturalWidth || 1);
      resize(height > room ? room / height : 1);
    });
  }

  // on paper, what is folded is shown
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("main details:not([open])")];
    for (const each of folded) each.open = true;
  });
  addEventListener("afterprint", () => {
    for (const each of folded) each.open = false;
  });
})();
