# What R says of the cohort in cohort.csv: one line a number, "name,index,value", read by conftest.py.
suppressMessages({library(survival); library(cmprsk); library(maxstat)})
folder <- commandArgs(trailingOnly = TRUE)[1]
z <- read.csv(file.path(folder, "cohort.csv"), stringsAsFactors = FALSE)
z$arm <- factor(z$arm, levels = c("b", "a", "c")); z$response <- factor(z$response, levels = c("CR", "PR", "PD"))
z$bulk <- as.integer(z$bulk == "True"); z$age10 <- z$age / 10; z$log2tmtv <- log2(z$tmtv)
out <- file(file.path(folder, "answers.csv"), "w")
say <- function(name, value) for (i in seq_along(value))
  cat(sprintf("%s,%d,%.17g\n", name, i - 1L, as.numeric(value[i])), file = out)
exact <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 60)

# curves by arm, and from day 45 by response
curves <- function(name, data, by) {
  data <- data[!is.na(data[[by]]), ]; data$by <- droplevels(data[[by]])
  f <- survfit(Surv(pfs_days, pfs_event) ~ by, data, conf.type = "log-log")
  s <- summary(f, times = c(180, 365))
  for (what in c("surv", "lower", "upper", "n.risk")) say(paste0(name, ".", what), s[[what]])
  t <- summary(f, rmean = 365)$table
  say(paste0(name, ".n"), t[, "records"]); say(paste0(name, ".events"), t[, "events"])
  say(paste0(name, ".rmean"), t[, "rmean"]); say(paste0(name, ".rmean.error"), t[, grep("se", colnames(t))])
  for (what in c("median", "0.95LCL", "0.95UCL")) say(paste0(name, ".", what), t[, what])
  d <- survdiff(Surv(pfs_days, pfs_event) ~ by, data); say(paste0(name, ".chi"), d$chisq); say(paste0(name, ".expected"), d$exp)
  say(paste0(name, ".follow"), unlist(quantile(survfit(Surv(pfs_days, !pfs_event) ~ 1, data, conf.type = "log-log"), 0.5)))
}
curves("curve", z, "arm")
late <- z[z$pfs_days > 45, ]; late$pfs_days <- late$pfs_days - 45
curves("landmark", late, "response")

# hazard ratios
profiled <- function(f, name) {
  drop <- f$loglik[2] - qchisq(0.95, 1) / 2
  y <- f$y; X <- model.matrix(f); b <- coef(f)[name]; e <- sqrt(f$var[match(name, names(coef(f))), match(name, names(coef(f)))])
  others <- X[, colnames(X) != name, drop = FALSE]
  held <- function(v) (if (ncol(others)) coxph(y ~ others + offset(v * X[, name]), control = exact)$loglik[2]
                       else coxph(y ~ offset(v * X[, name]), control = exact)$loglik[1]) - drop
  c(uniroot(held, c(b - 6 * e, b), tol = 1e-12)$root, uniroot(held, c(b, b + 6 * e), tol = 1e-12)$root)
}
model <- function(name, formula, data = z) {
  data <- data[complete.cases(data[, all.vars(formula)]), ]
  f <- do.call(coxph, list(formula = formula, data = data, control = exact, x = TRUE))
  say(paste0(name, ".ratio"), exp(coef(f)))
  for (one in names(coef(f))) say(paste0(name, ".profile.", one), exp(profiled(f, one)))
  say(paste0(name, ".n"), c(f$n, f$nevent)); say(paste0(name, ".whole"), summary(f)$logtest["pvalue"])
  d <- drop1(f, test = "Chisq"); say(paste0(name, ".drop"), d[["Pr(>Chi)"]][-1])
  say(paste0(name, ".zph"), cox.zph(f, transform = "km", terms = FALSE)$table[, "p"])
  f
}
for (one in c("age10", "log2tmtv", "arm", "bulk")) model(one, as.formula(paste("Surv(pfs_days, pfs_event) ~", one)))
together <- Surv(pfs_days, pfs_event) ~ age10 + log2tmtv + arm + bulk
f <- model("together", together)
f <- coxph(update(together, . ~ . + strata(site)), z, control = exact); say("strata.ratio", exp(coef(f)))
f <- coxph(Surv(ttp_days, ttp_event == 1) ~ age10 + bulk, z, control = exact); say("cause.ratio", exp(coef(f)))
d <- z[!is.na(z$age), ]
f <- crr(d$ttp_days, d$ttp_event, cbind(d$age10, d$bulk), failcode = 1, cencode = 0, gtol = 1e-12, maxiter = 50)
e <- sqrt(diag(f$var)); q <- qnorm(0.975)
say("crr.ratio", exp(f$coef)); say("crr.low", exp(f$coef - q * e)); say("crr.high", exp(f$coef + q * e)); say("crr.p", 2 * pnorm(-abs(f$coef / e)))

# a response that changes with time
w <- z[!is.na(z$age), ]; w$id <- seq_len(nrow(w))
w <- tmerge(w, w, id = id, died = event(pfs_days, pfs_event), cr = tdc(reached))
f <- coxph(Surv(tstart, tstop, died) ~ cr + age10, w, control = exact)
say("changing.ratio", exp(coef(f))); say("changing.wald", sqrt(diag(f$var)))

# competing risks
d <- z[!is.na(z$arm), ]
f <- cuminc(d$ttp_days, d$ttp_event, d$arm)
say("gray", f$Tests[, "stat"])
for (arm in c("b", "a", "c")) for (cause in 1:2) {
  t <- timepoints(f[paste(arm, cause)], c(180, 365))
  say(paste0("cif.", arm, ".", cause), t$est); say(paste0("cif.var.", arm, ".", cause), t$var)
}

# cut-points
d <- z[!is.na(z$tmtv), ]
for (method in c("Lau92", "Lau94")) {
  f <- maxstat.test(Surv(pfs_days, pfs_event) ~ tmtv, d, smethod = "LogRank", pmethod = method)
  say(paste0("cut.", method), c(f$statistic, f$estimate, f$p.value))
}
d$high <- as.integer(d$tmtv > 150); say("published.chi", survdiff(Surv(pfs_days, pfs_event) ~ high, d)$chisq)
f <- model("published", Surv(pfs_days, pfs_event) ~ high, d)

close(out)
