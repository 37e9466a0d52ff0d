"use strict";
// Asks the questions of a study, keeps the answers in this browser, and hands them out as CSV.
// Pictures are known by file names that tell nothing; which method made them is not in this page.
(() => {
  const at = (id) => document.getElementById(id);
  const study = JSON.parse(at("study").textContent);
  const PLACE = `sembla-study-${study.id}`;
  const FIELDS = ["study", "participant", "participant_id", "question", "left", "right", "side", "seconds"];

  let state = null; // {participant, id, plan: [{question, left, right, reference}], answers: [{side, seconds}]}
  let since = 0; // when the pictures of the present question were there; 0 while they are loading
  let turn = 0; // counts the questions shown, so that pictures that come late are recognised

  function load() {
    try {
      const kept = JSON.parse(localStorage.getItem(PLACE));
      return kept?.id && kept.plan.length === study.questions.length && Array.isArray(kept.answers) ? kept : null;
    } catch {
      return null;
    }
  }

  function keep() {
    try {
      if (state) localStorage.setItem(PLACE, JSON.stringify(state));
      else localStorage.removeItem(PLACE);
      return true;
    } catch {
      return false;
    }
  }

  /** A random whole number from 0 to below `count`. */
  function draw(count) {
    return Math.floor((crypto.getRandomValues(new Uint32Array(1))[0] / 2 ** 32) * count);
  }

  /** All questions in random order (Fisher & Yates), each with its pictures on random sides. */
  function plan() {
    const questions = [...study.questions];
    for (let last = questions.length - 1; last > 0; last--) {
      const other = draw(last + 1);
      [questions[last], questions[other]] = [questions[other], questions[last]];
    }
    return questions.map(({ id, pictures, reference }) => {
      const first = draw(2);
      return { question: id, left: pictures[first], right: pictures[1 - first], reference };
    });
  }

  /** What was typed without what spreadsheets take for formulas, or a random name. */
  function participantNamed(typed) {
    const name = typed.replace(/[^\p{L}\p{N} ._-]/gu, "").replace(/^[\s-]+|\s+$/gu, "");
    return name || `random-${hex(8)}`;
  }

  /** Random hexadecimal digits. */
  function hex(digits) {
    return Array.from({ length: digits }, () => draw(16).toString(16)).join("");
  }

  function show(id) {
    for (const section of document.querySelectorAll("section")) section.hidden = section.id !== id;
  }

  /** Load a picture into an image; settles when it can be seen. */
  async function put(image, name) {
    image.src = `pictures/${name}.webp`;
    try {
      await image.decode();
    } catch {
      throw new Error(`The picture pictures/${name}.webp is missing. Please tell whoever gave you this page.`);
    }
  }

  function setWaiting(waiting) {
    at("ask").classList.toggle("waiting", waiting);
    for (const id of ["left", "right", "tie"]) at(id).disabled = waiting;
  }

  /** Show the next question, or the end. */
  async function next() {
    const place = state.answers.length;
    const mine = ++turn;
    since = 0;
    at("trouble").hidden = true;
    if (place >= state.plan.length) return show("thanks");
    const { left, right, reference } = state.plan[place];
    show("ask");
    setWaiting(true);
    at("bar").max = state.plan.length;
    at("bar").value = place;
    at("progress").textContent = `${place + 1} of ${state.plan.length}`;
    at("back").disabled = place === 0;
    at("rest").disabled = place === 0;
    at("reference").hidden = !reference;
    const wanted = [put(at("left").firstChild, left), put(at("right").firstChild, right)];
    if (reference) wanted.push(put(at("reference"), reference));
    const outcome = await Promise.all(wanted).then(() => null, (error) => error);
    if (mine !== turn) return; // the participant went on or back meanwhile
    if (outcome) {
      at("trouble").textContent = outcome.message;
      at("trouble").hidden = false;
      return;
    }
    setWaiting(false);
    since = performance.now();
    fetchAhead(state.plan[place + 1]);
  }

  function fetchAhead(question) {
    if (!question) return;
    for (const name of [question.left, question.right, question.reference]) {
      if (name) new Image().src = `pictures/${name}.webp`;
    }
  }

  function answer(side) {
    if (!since || at("ask").hidden) return;
    state.answers.push({ side, seconds: Math.round((performance.now() - since) / 10) / 100 });
    keep();
    next();
  }

  function back() {
    if (state.answers.pop()) {
      keep();
      next();
    }
  }

  const quoted = (value) => `"${String(value).replaceAll('"', '""')}"`;

  function csv() {
    const rows = state.answers.map(({ side, seconds }, place) => {
      const { question, left, right } = state.plan[place];
      return [study.id, state.participant, state.id, question, left, right, side, seconds];
    });
    return [FIELDS, ...rows].map((row) => `${row.map(quoted).join(",")}\r\n`).join("");
  }

  function download() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
    link.download = `answers-${state.participant.replace(/[^\p{L}\p{N}._-]/gu, "-")}-${state.id.slice(0, 5)}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  function welcome() {
    state = null;
    turn++;
    at("count").textContent = study.questions.length;
    at("participant").value = "";
    show("welcome");
  }

  at("start").addEventListener("submit", (event) => {
    event.preventDefault();
    state = { participant: participantNamed(at("participant").value), id: `p${hex(16)}`, plan: plan(), answers: [] };
    keep();
    next();
  });
  at("left").addEventListener("click", () => answer("left"));
  at("right").addEventListener("click", () => answer("right"));
  at("tie").addEventListener("click", () => answer("tie"));
  at("back").addEventListener("click", back);
  at("change").addEventListener("click", back);
  at("rest").addEventListener("click", download);
  at("download").addEventListener("click", download);
  at("another").addEventListener("click", () => {
    if (!confirm("Remove these answers from this browser? Download them first.")) return;
    state = null;
    keep();
    welcome();
  });
  document.addEventListener("keydown", (event) => {
    if (at("ask").hidden || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
    const act = {
      ArrowLeft: () => answer("left"),
      ArrowRight: () => answer("right"),
      ArrowDown: () => answer("tie"),
      Backspace: back,
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  state = load();
  at("forgetful").hidden = keep();
  if (state) next();
  else welcome();
})();
