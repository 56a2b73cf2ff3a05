// What JupyterLab's widget manager leaves out for widgets that live in the file and not in a kernel:
// it shows them only when a kernel has answered, and forgets them when the notebook is saved again.
// A federated extension written by hand: no build step, and nothing but the manager is asked for.

(globalThis._JUPYTERLAB ??= {})["backprop-kit"] = (() => {
  const STATE = "application/vnd.jupyter.widget-state+json",
    VIEW = "application/vnd.jupyter.widget-view+json",
    MANAGER = "@jupyter-widgets/jupyterlab-manager";
  let shared;

  // The ids of the widgets that the outputs of a notebook show, and of all that these are made of.
  function shown(notebook, state) {
    const ahead = [],
      found = new Set();
    for (const cell of notebook.cells)
      for (const output of cell.outputs?.toJSON() ?? []) ahead.push(output.data?.[VIEW]?.model_id);
    while (ahead.length) {
      const id = ahead.pop();
      if (!id || found.has(id) || !state[id]) continue;
      found.add(id);
      for (const [, inner] of JSON.stringify(state[id].state).matchAll(/IPY_MODEL_(\w+)/g)) ahead.push(inner);
    }
    return found;
  }

  const chosen = (state, keep) => Object.fromEntries(Object.entries(state).filter(([id]) => keep(id)));

  // No kernel knows what was baked, so none has to be asked.
  async function showBaked(manager, notebook) {
    const baked = new Set(notebook.getMetadata("backprop_kit")?.baked),
      saved = notebook.getMetadata("widgets")?.[STATE];
    if (!saved || !baked.size) return;
    // The manager is being made: only then does it know what anywidget is.
    await new Promise(done => setTimeout(done));
    const state = chosen(saved.state, id => baked.has(id) && !manager.has_model(id));
    manager._get_comm_info = async () => ({});
    const ready = manager.set_state({ ...saved, state: structuredClone(state) });
    delete manager._get_comm_info;
    await ready;
    manager._restored.emit();
  }

  function improve(kind) {
    const { restoreWidgets, get_state_sync } = kind;

    kind.restoreWidgets = async function (notebook, what) {
      if (!what || what.loadNotebook) await showBaked(this, notebook).catch(e => console.warn(e));
      return restoreWidgets.apply(this, [notebook, what].slice(0, arguments.length));
    };

    kind.get_state_sync = function (options) {
      const models = [...this._modelsSync.values()],
        live = new Set(models.filter(m => m.comm_live).map(m => m.model_id)),
        as = models.map(m => Object.create(m, { comm_live: { value: true } })),
        all = get_state_sync.call({ _modelsSync: { values: () => as } }, options),
        kept = shown(this.context.model, all.state);
      return { ...all, state: chosen(all.state, id => live.has(id) || kept.has(id)) };
    };
  }

  async function activate() {
    for (const version of Object.values(shared?.[MANAGER] ?? {})) {
      const kind = (await version.get())().WidgetManager?.prototype;
      if (kind?.restoreWidgets && kind.get_state_sync && kind._get_comm_info) improve(kind);
    }
  }

  const extension = { __esModule: true, default: { id: "backprop-kit:saved", autoStart: true, activate } };
  return {
    init: scope => void (shared = scope),
    get: async () => () => extension
  };
})();
