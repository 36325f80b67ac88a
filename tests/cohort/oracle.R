# What R says of the patients in patients.csv and rows.csv: one line a number, "name,index,value", read by conftest.py.
suppressMessages({library(survival); library(cmprsk); library(maxstat)})
folder <- commandArgs(trailingOnly = TRUE)[1]
z <- read.csv(file.path(folder, "patients.csv"))
w <- read.csv(file.path(folder, "rows.csv"))
out <- file(file.path(folder, "answers.csv"), "w")
say <- function(name, value) for (i in seq_along(value))
  cat(sprintf("%s,%d,%.17g\n", name, i - 1L, as.numeric(value[i])), file = out)
exact <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 60)
any <- z$event > 0
X <- c("age", "tmtv", "bulk", "crp", "sex")
on <- function(left) as.formula(paste(left, "~", paste(X, collapse = "+")))

# Kaplan-Meier in its three intervals, the median, follow-up
for (type in c("log-log", "log", "plain")) {
  f <- survfit(Surv(days, any) ~ 1, z, conf.type = type)
  say(paste0("km.", type, ".low"), f$lower); say(paste0("km.", type, ".high"), f$upper)
}
say("km.days", f$time); say("km.risk", f$n.risk); say("km.events", f$n.event); say("km.survival", f$surv)
say("km.error", f$surv * f$std.err)
f <- survfit(Surv(days, any) ~ 1, z, conf.type = "log-log")
say("km.quantile", unlist(quantile(f, 0.4)))
say("follow.up", unlist(quantile(survfit(Surv(days, !any) ~ 1, z, conf.type = "log-log"), 0.5)))
f <- survfit(Surv(start, stop, event) ~ 1, w, conf.type = "log-log")
say("km.entry.survival", f$surv[f$n.event > 0]); say("km.entry.risk", f$n.risk[f$n.event > 0])

# log-rank
f <- survdiff(Surv(days, any) ~ arm, z); say("logrank.observed", f$obs); say("logrank.expected", f$exp); say("logrank.chi", f$chisq)
f <- survdiff(Surv(days, any) ~ arm + strata(site), z); say("logrank.strata.chi", f$chisq)
say("logrank.strata.expected", rowSums(f$exp))

# Cox and what follows from it
models <- list(
  efron = coxph(on("Surv(days, any)"), z, control = exact),
  breslow = coxph(on("Surv(days, any)"), z, ties = "breslow", control = exact),
  strata = coxph(update(on("Surv(days, any)"), . ~ . + strata(site)), z, control = exact),
  rows = coxph(Surv(start, stop, event) ~ age + tmtv + response + strata(site), w, cluster = patient, control = exact))
for (name in names(models)) {
  f <- models[[name]]; s <- summary(f)
  say(paste0(name, ".coef"), coef(f)); say(paste0(name, ".loglik"), f$loglik); say(paste0(name, ".score"), f$score)
  say(paste0(name, ".error"), sqrt(diag(if (is.null(f$naive.var)) f$var else f$naive.var)))
  zph <- cox.zph(f, transform = "km")
  say(paste0(name, ".zph"), zph$table[, "chisq"]); say(paste0(name, ".zph.y"), colSums(zph$y * zph$x))
}
say("rows.robust", models$rows$var)
say("efron.robust", coxph(on("Surv(days, any)"), z, robust = TRUE, control = exact)$var)
one <- data.frame(age = 70, tmtv = 400, bulk = 1, crp = 3, sex = 0)
f <- survfit(models$efron, one, conf.type = "log-log", censor = FALSE)
say("predicted.survival", f$surv); say("predicted.error", f$std.err); say("predicted.low", f$lower); say("predicted.high", f$upper)
f <- survfit(models$strata, cbind(one, site = "B"), conf.type = "log-log", censor = FALSE)
say("predicted.stratum", f$surv[f$n.event > 0])
held <- function(b) coxph(Surv(days, any) ~ age + tmtv + crp + sex + offset(b * bulk), z, control = exact)$loglik[2]
drop <- models$efron$loglik[2] - qchisq(0.95, 1) / 2
say("profile", c(uniroot(function(b) held(b) - drop, c(-3, coef(models$efron)["bulk"]), tol = 1e-12)$root,
                 uniroot(function(b) held(b) - drop, c(coef(models$efron)["bulk"], 3), tol = 1e-12)$root))
for (i in 1:5) {
  drawn <- z[scan(file.path(folder, "drawn.csv"), sep = ",", skip = i - 1, nlines = 1, quiet = TRUE) + 1, ]
  say(paste0("refit.", i - 1), coef(coxph(on("Surv(days, event > 0)"), drawn, control = exact)))
}

# competing risks
f <- cuminc(z$days, z$event)
for (cause in 1:2) {
  g <- f[[paste(1, cause)]]; top <- !duplicated(g$time, fromLast = TRUE)
  say(paste0("cif.", cause, ".days"), g$time[top]); say(paste0("cif.", cause, ".value"), g$est[top]); say(paste0("cif.", cause, ".var"), g$var[top])
}
say("gray", cuminc(z$days, z$event, z$arm)$Tests[, "stat"])
say("gray.strata", cuminc(z$days, z$event, z$arm, z$site)$Tests[, "stat"])
f <- crr(z$days, z$event, as.matrix(z[, X]), failcode = 1, cencode = 0, gtol = 1e-12, maxiter = 50)
say("crr.coef", f$coef); say("crr.var", f$var); say("crr.loglik", c(f$loglik.null, f$loglik))

# means, discrimination, error
s <- summary(survfit(Surv(days, any) ~ arm, z), rmean = 600)$table
say("rmst", s[, "rmean"]); say("rmst.error", s[, grep("se", colnames(s))])
f <- concordance(Surv(days, any) ~ tmtv, z, reverse = TRUE); say("harrell", c(f$concordance, sqrt(f$var)))
f <- concordance(Surv(days, any) ~ tmtv, z, reverse = TRUE, timewt = "n/G2", ymax = 599.5); say("uno", c(f$concordance, sqrt(f$var)))
# weights by hand: censoring a moment after the events of its day
f <- survfit(Surv(days + ifelse(any, 0, 0.5), !any) ~ 1, z)
G <- stepfun(f$time, c(1, f$surv)); Gleft <- stepfun(f$time, c(1, f$surv), right = TRUE)
case <- z$days <= 365 & any; control <- z$days > 365
wcase <- case / Gleft(z$days); wcontrol <- control / G(365.5)
half <- outer(z$tmtv, z$tmtv, function(a, b) (a > b) + (a == b) / 2)
say("auc", sum(outer(wcase, wcontrol) * half) / sum(outer(wcase, wcontrol)))
S <- exp(-exp((z$tmtv - mean(z$tmtv)) / 300) * 0.5)
say("brier", mean(wcase * S^2 + wcontrol * (1 - S)^2))

# cut-points
say("cut.scores", exactRankTests::cscores(Surv(z$days, any)))
for (method in c("Lau92", "Lau94")) {
  f <- maxstat.test(Surv(days, event > 0) ~ tmtv, z, smethod = "LogRank", pmethod = method)
  say(paste0("cut.", method), c(f$statistic, f$estimate, f$p.value))
}
small <- z[1:60, ]
f <- maxstat.test(Surv(days, event > 0) ~ distinct, small, smethod = "LogRank", pmethod = "HL"); say("cut.HL", c(f$statistic, f$estimate, f$p.value))
set.seed(1)
f <- maxstat.test(Surv(days, event > 0) ~ distinct, small, smethod = "LogRank", pmethod = "exactGauss", abseps = 1e-4)
say("cut.exactGauss", c(f$statistic, f$estimate, f$p.value))
close(out)
