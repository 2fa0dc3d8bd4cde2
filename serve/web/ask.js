// ask.js - how the pages ask the server. A token, where one is needed, is kept in this tab alone.
"use strict";
const token = () => sessionStorage.getItem("token") || "";
const setToken = (value) => sessionStorage.setItem("token", value.trim());

class Refused extends Error {
    constructor(status, error) {
        super(error.message);
        this.status = status;
        this.hint = error.hint;
    }
}

async function ask(path, options = {}) {
    const headers = { ...options.headers };
    if (token()) headers.Authorization = "Bearer " + token();
    const answer = await fetch(path, { ...options, headers });
    const value = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Refused(answer.status, value.error || { message: "the server answered " + answer.status });
    return value;
}

const percent = (score) => (100 * score).toFixed(1) + " %";
