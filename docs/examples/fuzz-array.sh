#!/bin/sh
#SBATCH --job-name=gunyah-rm-fuzz
#SBATCH --array=1-8
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
#SBATCH --time=01:10:00
# One shard for each task of the array. Afterwards: gunyah-rm fuzz merge campaign --out all
exec gunyah-rm fuzz --target 'exec:./manager' --time 3600 --shard auto --out campaign
