-- What happened to one alert, in whichever incident it was then: without it a million entries are read, 85 ms. It costs each new
-- entry half a microsecond. (Built in about a second for each million.)

CREATE INDEX timeline_about_alert ON tocsin.timeline (project, alert) WHERE alert IS NOT NULL;
