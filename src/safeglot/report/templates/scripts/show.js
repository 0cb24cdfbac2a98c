showPanels();
