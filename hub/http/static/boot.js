// SPDX-License-Identifier: EUPL-1.2
// Starts GraphiQL with the tabs the page carries. What is typed is kept for as long as the page is open and no longer: a
// browser's storage would bring back the tabs, and the expired tokens, of an earlier visit in place of these.
"use strict";
(() => {
  const { nonce, tabs } = JSON.parse(document.getElementById("given").textContent);
  const first = tabs[0] ?? { query: "", variables: "", headers: "" };

  // GraphiQL reads the first tab's variables and headers from its storage, and the other tabs' from `defaultTabs`.
  const kept = new Map([
    ["graphiql:variables", first.variables],
    ["graphiql:headers", first.headers],
  ]);
  const storage = {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
    clear: () => kept.clear(),
    get length() {
      return kept.size;
    },
  };

  // Where the library behind GraphiQL's dialogs looks for the nonce of the <style> element it adds.
  window.__webpack_nonce__ = nonce;

  // GraphiQL asks for the schema before its editors hold any header.
  const send = GraphiQL.createFetcher({ url: window.location.pathname });
  const headers = first.headers ? JSON.parse(first.headers) : {};
  const fetcher = (request, options) =>
    send(request, request.operationName === "IntrospectionQuery" ? { headers, ...options } : options);

  const graphiql = React.createElement(GraphiQL, {
    fetcher,
    defaultTabs: tabs.length ? tabs : undefined,
    defaultHeaders: first.headers,
    defaultEditorToolsVisibility: "headers",
    showPersistHeadersSettings: false,
    storage,
  });
  ReactDOM.createRoot(document.getElementById("graphiql")).render(graphiql);
})();
